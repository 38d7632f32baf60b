package connect

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// answers is a step that sends responses of those ids, "done" being ResultComplete, and ends as err says.
func answers(err error, ids ...string) func(stream) error {
	return func(s stream) error {
		for _, id := range ids {
			resp := &pb.ExecutePlanResponse{ResponseId: id, ServerSideSessionId: "first"}
			if id == "done" {
				resp.ResponseType = &pb.ExecutePlanResponse_ResultComplete_{ResultComplete: &pb.ExecutePlanResponse_ResultComplete{}}
			}
			if err := s.Send(resp); err != nil {
				return err
			}
		}
		return err
	}
}

// read runs a plan and returns the ids of the responses.
func read(t *testing.T, s *Session) (ids []string, err error) {
	t.Helper()
	for resp, err := range s.execute("test", &pb.Plan{}).responses(t.Context()) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, resp.ResponseId)
	}
	return ids, nil
}

func TestReattach(t *testing.T) {
	lost := status.Error(codes.Unavailable, "error reading from server: EOF")
	unknown := status.Error(codes.Internal, "[INVALID_HANDLE.OPERATION_NOT_FOUND] The handle is invalid")
	for name, test := range map[string]struct {
		script []func(stream) error
		calls  string
	}{
		"whole":                     {[]func(stream) error{answers(nil, "a", "b", "c", "done")}, "execute, release"},
		"end before anything":       {[]func(stream) error{answers(nil), answers(nil, "a", "b", "c", "done")}, "execute, reattach , release"},
		"end in the middle":         {[]func(stream) error{answers(nil, "a"), answers(nil, "b"), answers(nil, "c", "done")}, "execute, reattach a, reattach b, release"},
		"end before the end":        {[]func(stream) error{answers(nil, "a", "b", "c"), answers(nil, "done")}, "execute, reattach c, release"},
		"lost":                      {[]func(stream) error{answers(lost, "a", "b"), answers(lost), answers(nil, "c", "done")}, "execute, reattach b, reattach b, release"},
		"taken over":                {[]func(stream) error{answers(status.Error(codes.Internal, "[INVALID_CURSOR.DISCONNECTED]"), "a"), answers(nil, "b", "c", "done")}, "execute, reattach a, release"},
		"request lost":              {[]func(stream) error{answers(lost), answers(unknown), answers(nil, "a", "b", "c", "done")}, "execute, reattach , execute, release"},
		"request lost, session new": {[]func(stream) error{answers(lost), answers(status.Error(codes.Internal, "[INVALID_HANDLE.SESSION_NOT_FOUND]")), answers(nil, "a", "b", "c", "done")}, "execute, reattach , execute, release"},
	} {
		t.Run(name, func(t *testing.T) {
			s, f := serve(t, test.script...)
			ids, err := read(t, s)
			if err != nil || !slices.Equal(ids, []string{"a", "b", "c"}) {
				t.Errorf("responses %v, %v", ids, err)
			}
			if calls := strings.Join(f.said(), ", "); calls != test.calls {
				t.Errorf("calls %q, want %q", calls, test.calls)
			}
		})
	}
}

func TestGivesUp(t *testing.T) {
	for name, test := range map[string]struct {
		script []func(stream) error
		want   string
	}{
		"dropped":       {[]func(stream) error{answers(nil, "a"), answers(status.Error(codes.Internal, "[INVALID_HANDLE.OPERATION_NOT_FOUND] gone"))}, "run it again"},
		"lost for good": {[]func(stream) error{answers(nil, "a"), answers(status.Error(codes.Unavailable, "overloaded"))}, "overloaded"},
		"never ends":    {[]func(stream) error{answers(nil, "a"), answers(nil)}, "ends every stream"},
		"Spark's error": {[]func(stream) error{answers(status.Error(codes.Internal, "[DIVIDE_BY_ZERO] no. SQLSTATE: 22012"), "a")}, "DIVIDE_BY_ZERO"},
	} {
		t.Run(name, func(t *testing.T) {
			s, f := serve(t, test.script...)
			ids, err := read(t, s)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) || !slices.Equal(ids, []string{"a"}) {
				t.Errorf("%v, %v; want %q", ids, err, test.want)
			}
			released := slices.Contains(f.said(), "release")
			if released != (name != "dropped") {
				t.Errorf("calls %v", f.said())
			}
		})
	}
}

func TestRestartedServer(t *testing.T) {
	s, _ := serve(t, func(s stream) error {
		return s.Send(&pb.ExecutePlanResponse{ResponseId: "a", ServerSideSessionId: "second"})
	})
	_, err := read(t, s)
	var e *Error
	if !errors.As(err, &e) || e.Class != "INVALID_HANDLE.SESSION_CHANGED" || !strings.Contains(err.Error(), "restarted") {
		t.Error(err)
	}
}

func TestStop(t *testing.T) {
	block := func(s stream) error {
		if err := answers(nil, "a")(s); err != nil {
			return err
		}
		<-s.Context().Done()
		return s.Context().Err()
	}
	t.Run("context", func(t *testing.T) {
		s, f := serve(t, block)
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		mine := errors.New("mine")
		for _, err := range s.execute("test", &pb.Plan{}).responses(ctx) {
			if err != nil {
				if err != mine {
					t.Error(err)
				}
				break
			}
			cancel(mine)
		}
		if got := strings.Join(f.said(), ", "); got != "execute, interrupt, release" {
			t.Error(got)
		}
	})
	t.Run("break", func(t *testing.T) {
		s, f := serve(t, block)
		for range s.execute("test", &pb.Plan{}).responses(t.Context()) {
			break
		}
		if got := strings.Join(f.said(), ", "); got != "execute, interrupt, release" {
			t.Error(got)
		}
	})
}

func TestAssembly(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	type batch = pb.ExecutePlanResponse_ArrowBatch
	part := func(i, of int64, data string, start int64) *batch {
		return &batch{ChunkIndex: n(i), NumChunksInBatch: n(of), Data: []byte(data), RowCount: 2, StartOffset: n(start)}
	}
	var a assembly
	var got []string
	for _, b := range []*batch{
		nil, {Data: []byte("old"), RowCount: 3}, part(0, 1, "one", 3), part(0, 3, "x", 5), part(1, 3, "y", 5), nil, part(2, 3, "z", 5), part(0, 1, "last", 7),
	} {
		content, err := a.add(b)
		if err != nil {
			t.Fatal(err)
		}
		if content != nil {
			got = append(got, string(content))
		}
	}
	if want := []string{"old", "one", "xyz", "last"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for name, batches := range map[string][]*batch{
		"a part is missing":     {part(0, 3, "x", 0), part(2, 3, "z", 0)},
		"the first is missing":  {part(1, 2, "y", 0)},
		"rows are missing":      {part(0, 1, "x", 0), part(0, 1, "y", 3)},
		"a part comes again":    {part(0, 2, "x", 0), part(0, 2, "x", 0)},
		"a batch has no ending": {part(0, 2, "x", 0), part(0, 1, "y", 2)},
	} {
		var a assembly
		var err error
		for _, b := range batches {
			if _, err = a.add(b); err != nil {
				break
			}
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
