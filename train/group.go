package train

import (
	"context"
	"errors"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// workers is what a trainer shares with the others of its group, step by step,
// and among the parts of a batch. After each step all workers have the same
// variables, bit for bit, so that they decide alike.
type workers struct {
	sum     *summation
	states  nn.Params   // running statistics
	before  [][]float32 // what they were before the step
	scores  scores
	asked   func() error // whether this worker is to stop
	stop    context.CancelCauseFunc
	overdue bool // a checkpoint
}

// The first of the numbers that are added up besides gradients.
const (
	flagStop    = iota // a worker is asked to stop
	flagOverdue        // the first worker wants a checkpoint
	flagFull           // a worker has many scores that are not settled
	flags
)

// errStuck ends a run that was to stop and in which the others did not agree.
var errStuck = errors.New("asked to stop, it waited, and the other workers did not come to the end of the step in time")

// agree prepares for the other workers, and returns the context of the run: it
// ends for all workers after the same step, once that of one of them has ended;
// or, where the others are stuck, after the time in which a silent worker counts
// as lost.
func (t *trainer) agree(ctx context.Context) (context.Context, context.CancelFunc) {
	w := &t.workers
	w.asked = func() error { return nil }
	if t.group.Size() == 1 {
		return ctx, func() {}
	}
	w.asked = ctx.Err
	run, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	w.stop = stop
	quiet := context.AfterFunc(ctx, func() {
		limit, cancel := context.WithTimeout(run, t.group.LostAfter())
		defer cancel()
		if <-limit.Done(); run.Err() == nil {
			stop(errStuck)
		}
	})
	return run, func() {
		quiet()
		stop(nil)
	}
}

// movedStates are the running statistics that move with every part of a batch.
func movedStates(params nn.Params) nn.Params {
	var states nn.Params
	for _, p := range params {
		if p.State && p.Value.DType() == tensor.Float32 {
			states = append(states, p)
		}
	}
	return states
}

// extras is how many numbers are added up besides gradients.
func extras(params nn.Params, carried *carried) int {
	n := flags + carried.len()
	for _, p := range movedStates(params) {
		n += p.Len()
	}
	return n
}

// joinParts prepares for the parts of batches.
func (t *trainer) joinParts() error {
	if t.whole() {
		return nil
	}
	w := &t.workers
	w.sum = newSummation(t.group, t.programs.gradients, &t.job)
	w.states = movedStates(t.programs.params)
	for _, p := range w.states {
		w.before = append(w.before, make([]float32, p.Len()))
	}
	t.programs.ready = w.sum.ready
	return w.scores.init(t.job.Net, t.job.parts)
}

// beginParts notes where the running statistics stand.
func (t *trainer) beginParts() {
	t.workers.sum.begin()
	for i, p := range t.workers.states {
		copy(t.workers.before[i], tensor.Data[float32](t.programs.state.Get(p.Name)))
	}
}

// endPart takes what a part with the given share of the batch has computed.
// Running statistics, which every part moves from the same beginning, move by the
// mean over all samples.
func (t *trainer) endPart(part feature.Part, share float32) {
	w := &t.workers
	extra := t.programs.gradients.extra
	clear(extra[:flags])
	if w.sum.last() {
		if w.asked() != nil {
			extra[flagStop] = 1
		}
		if t.group.Rank() == 0 && t.isOverdue() {
			extra[flagOverdue] = 1
		}
		if w.scores.bytes() > comm.ExchangeLimit/(4*t.group.Size()) {
			extra[flagFull] = 1
		}
	}
	moved := extra[flags:]
	for i, p := range w.states {
		now := tensor.Data[float32](t.programs.state.Get(p.Name))
		for j, x := range w.before[i] {
			moved[j] = share * (now[j] - x)
			now[j] = x
		}
		moved = moved[len(now):]
	}
	t.programs.carried.give(moved, part)
	w.sum.end()
}

// endParts waits for the sums over all parts.
func (t *trainer) endParts(ctx context.Context) error {
	w := &t.workers
	if err := w.sum.wait(ctx); err != nil {
		return err
	}
	extra := t.programs.gradients.extra
	if extra[flagStop] > 0 {
		w.stop(nil)
	}
	w.overdue = extra[flagOverdue] > 0
	moved := extra[flags:]
	for i, p := range w.states {
		now := tensor.Data[float32](t.programs.state.Get(p.Name))
		for j, x := range w.before[i] {
			now[j] = x + moved[j]
		}
		moved = moved[len(now):]
	}
	t.programs.carried.receive(moved)
	w.scores.endStep()
	if extra[flagFull] > 0 && ctx.Err() == nil { // a run that stops settles at its end
		return t.settleScores(ctx)
	}
	return nil
}

// mayGoOn is an error if one of the workers is to stop; all of them ask.
func (t *trainer) mayGoOn(ctx context.Context) error {
	if t.group.Size() == 1 {
		return ctx.Err()
	}
	asked := make([]int64, 1)
	if t.workers.asked() != nil {
		asked[0] = 1
	}
	if err := comm.AllReduce(ctx, t.group, asked); err != nil {
		return err
	}
	if asked[0] > 0 {
		t.workers.stop(nil)
	}
	return ctx.Err()
}
