package cluster

import (
	"context"
	"errors"
	"testing"
)

// TestGather: a worker takes what it hears first of the others, and leaves when the
// cluster has answered.
func TestGather(t *testing.T) {
	h := &hello{Host: "h", Version: "1", Kernels: []string{"go"}, Addresses: []string{"10.0.0.1:1"}}
	text := make(chan string)
	w := &member{boot: &bootstrap{Workers: 2}, met: make(chan *meeting, 1)}
	w.seat.gather = func(ctx context.Context, own string) ([]string, error) {
		select {
		case other := <-text:
			return []string{own, other}, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}

	told := &meeting{Kernel: "go"}
	w.met <- told
	w.gathered = w.startGather(t.Context(), h)
	if m, err := w.gather(t.Context()); m != told || err != nil {
		t.Errorf("%+v, %v, want what the driver told", m, err)
	}
	go func() { text <- "{}" }()
	w.endGather(t.Context())

	w.gathered = w.startGather(t.Context(), h)
	go func() { text <- `{"version":"1","kernels":["go"],"addresses":["10.0.0.2:2"]}` }()
	m, err := w.gather(t.Context())
	if err != nil || len(m.Addresses) != 2 || m.Addresses[1][0] != "10.0.0.2:2" {
		t.Errorf("%+v, %v, want what the cluster gathered", m, err)
	}
	w.endGather(t.Context())

	over := errors.New("over")
	ctx, cancel := context.WithCancelCause(t.Context())
	w.gathered = w.startGather(t.Context(), h)
	cancel(over)
	if _, err := w.gather(ctx); !errors.Is(err, over) {
		t.Errorf("error %v, want %v", err, over)
	}
}
