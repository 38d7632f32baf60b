package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// gathered is what a worker has learned of the others from the cluster.
type gathered struct {
	meeting *meeting
	err     error
}

// gatherTime is longer than a cluster needs to answer workers that have all asked.
const gatherTime = 2 * time.Second

// startGather asks the cluster for all workers, unless it has no such thing.
func (w *member) startGather(ctx context.Context, h *hello) chan gathered {
	if w.seat.gather == nil {
		return nil
	}
	answer := make(chan gathered, 1)
	go func() {
		m, err := gatherAll(ctx, w.seat.gather, h)
		answer <- gathered{m, err}
	}()
	return answer
}

// gather learns of the others from the driver or the cluster, whichever is the faster:
// the driver, mostly, as Spark looks but once a second whether all have come.
func (w *member) gather(ctx context.Context) (*meeting, error) {
	select {
	case m := <-w.met:
		return m, nil
	case g := <-w.gathered:
		w.gathered = nil
		return g.meeting, g.err
	case <-ctx.Done():
		return nil, fmt.Errorf("the other workers did not come within %v: %w", w.boot.Join, context.Cause(ctx))
	}
}

// endGather waits until the cluster has answered: a task that ends in between breaks
// the connection on which an executor is about to write.
func (w *member) endGather(ctx context.Context) {
	if w.gathered == nil {
		return
	}
	select {
	case <-w.gathered:
	case <-ctx.Done():
	case <-time.After(gatherTime):
	}
}

// gatherAll gives every worker what all say of themselves.
func gatherAll(ctx context.Context, gather func(context.Context, string) ([]string, error), h *hello) (*meeting, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	texts, err := gather(ctx, string(text))
	if err != nil {
		return nil, err
	}
	all := make([]*hello, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal([]byte(text), &all[i]); err != nil {
			return nil, fmt.Errorf("worker %d introduces itself by %.40q: %w", i, text, err)
		}
	}
	return introduceAll(all)
}
