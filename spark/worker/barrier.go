package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// Requests to the JVM's server for barriers.
const (
	barrierRequest   = 1
	allGatherRequest = 2
)

const dialTimeout = 20 * time.Second

// barrierServer is the JVM's server for barriers, the same in all versions of
// Spark. Each request has a connection of its own.
type barrierServer struct {
	connection
	tasks int // of the stage
}

func (b barrierServer) barrier(ctx context.Context) error {
	_, err := b.ask(ctx, 1, func(s sender) { s.int32(barrierRequest) })
	return err
}

func (b barrierServer) allGather(ctx context.Context, message string) ([]string, error) {
	return b.ask(ctx, b.tasks, func(s sender) {
		s.int32(allGatherRequest)
		s.text(message)
	})
}

func (b barrierServer) ask(ctx context.Context, want int, request func(sender)) ([]string, error) {
	conn, err := b.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("reach Spark's server: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	messages, err := b.exchange(conn, want, request)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return messages, err
}

func (b barrierServer) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	if b.path != "" {
		return d.DialContext(ctx, "unix", b.path)
	}
	return d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port)))
}

func (b barrierServer) exchange(conn io.ReadWriter, want int, request func(sender)) ([]string, error) {
	r, s := &wire{r: bufio.NewReader(conn)}, sender{bufio.NewWriter(conn)}
	if b.path == "" {
		if err := authenticate(r, s, b.secret); err != nil {
			return nil, err
		}
	}
	request(s)
	if err := s.Flush(); err != nil {
		return nil, err
	}
	// A failure is a bare text: its length stands where the number of messages should.
	n := r.size(maxText)
	if r.err == nil && n != want {
		text := r.take(n)
		if r.err != nil {
			return nil, fmt.Errorf("the reply of Spark is neither %d messages nor an error, %w", want, r.err)
		}
		return nil, fmt.Errorf("the answer of Spark: %s", text)
	}
	messages := make([]string, n)
	for i := range messages {
		messages[i] = r.text()
	}
	if r.err != nil {
		return nil, fmt.Errorf("the reply of Spark, %w", r.err)
	}
	return messages, nil
}

// authenticate shows the secret to a server of the JVM.
func authenticate(r *wire, s sender, secret string) error {
	s.text(secret)
	if err := s.Flush(); err != nil {
		return err
	}
	if answer := r.bytes(16); r.err != nil || string(answer) != "ok" {
		return fmt.Errorf("the worker's secret was not accepted by Spark: %w", orRefused(r.err))
	}
	return nil
}

func orRefused(err error) error {
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}

// starterMeeting asks the Python worker that started this process, by lines of
// JSON; see starter.py.
type starterMeeting struct {
	mu       sync.Mutex
	requests io.Writer
	answers  <-chan []byte // closed when the Python worker is gone
}

type starterRequest struct {
	Op      string `json:"op"`
	Message string `json:"message"`
}

func (m *starterMeeting) barrier(ctx context.Context) error {
	_, err := m.ask(ctx, starterRequest{Op: "barrier"})
	return err
}

func (m *starterMeeting) allGather(ctx context.Context, message string) ([]string, error) {
	return m.ask(ctx, starterRequest{Op: "allGather", Message: message})
}

func (m *starterMeeting) ask(ctx context.Context, q starterRequest) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := json.NewEncoder(m.requests).Encode(q); err != nil {
		return nil, fmt.Errorf("ask the Python worker: %w", err)
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case line, ok := <-m.answers:
		if !ok {
			return nil, errStarterGone
		}
		var a struct {
			Messages []string
			Error    string
		}
		if err := json.Unmarshal(line, &a); err != nil {
			return nil, fmt.Errorf("answer of the Python worker: %w", err)
		}
		if a.Error != "" {
			return nil, fmt.Errorf("the answer of Spark: %s", a.Error)
		}
		return a.Messages, nil
	}
}
