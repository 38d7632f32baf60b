package connect

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

type stream = grpc.ServerStreamingServer[pb.ExecutePlanResponse]

// fake is a server that does what a real one cannot be made to do at will: it follows a script, one step for each stream
// that the client opens, the last one for all further ones, and writes down what the client asked for.
type fake struct {
	pb.UnimplementedSparkConnectServiceServer
	script []func(stream) error
	side   string

	mu    sync.Mutex
	calls []string
}

// note writes down a call and returns how many streams were opened before it.
func (f *fake) note(call string) (streams int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if c == "execute" || c[:3] == "rea" {
			streams++
		}
	}
	f.calls = append(f.calls, call)
	return streams
}

// said returns the calls so far.
func (f *fake) said() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func (f *fake) next(call string, s stream) error {
	return f.script[min(f.note(call), len(f.script)-1)](s)
}

func (f *fake) ExecutePlan(_ *pb.ExecutePlanRequest, s stream) error { return f.next("execute", s) }

func (f *fake) ReattachExecute(req *pb.ReattachExecuteRequest, s stream) error {
	return f.next("reattach "+req.GetLastResponseId(), s)
}

func (f *fake) ReleaseExecute(context.Context, *pb.ReleaseExecuteRequest) (*pb.ReleaseExecuteResponse, error) {
	f.note("release")
	return &pb.ReleaseExecuteResponse{}, nil
}

func (f *fake) Interrupt(context.Context, *pb.InterruptRequest) (*pb.InterruptResponse, error) {
	f.note("interrupt")
	return &pb.InterruptResponse{}, nil
}

func (f *fake) AnalyzePlan(context.Context, *pb.AnalyzePlanRequest) (*pb.AnalyzePlanResponse, error) {
	return &pb.AnalyzePlanResponse{
		ServerSideSessionId: f.side,
		Result:              &pb.AnalyzePlanResponse_SparkVersion_{SparkVersion: &pb.AnalyzePlanResponse_SparkVersion{Version: "4.3.0"}},
	}, nil
}

// serve runs the script behind a real connection.
func serve(t *testing.T, script ...func(stream) error) (*Session, *fake) {
	t.Helper()
	f := &fake{script: script, side: "first"}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterSparkConnectServiceServer(server, f)
	go server.Serve(l)
	t.Cleanup(server.Stop)
	s, err := Dial(t.Context(), Options{Remote: "sc://" + l.Addr().String(), Patience: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, f
}
