package train

import (
	"context"
	"slices"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// workers is what a trainer shares with the others of its group, step by step.
// After each step all of them have the same variables and scores, bit for bit,
// so that they decide alike.
type workers struct {
	local   *score // of this worker's part of the step; of the epoch where it is alone
	other   *score // of another's, to be merged
	pending []comm.Pending
	states  nn.Params   // running statistics
	before  [][]float32 // what they were before the step
	moved   [][]float32 // how the step moved them

	asked func() error // whether this worker is to stop
	stop  context.CancelFunc
}

// joinWorkers prepares for a group, and returns the context of the run: it ends
// for all workers after the same step, once that of one of them has ended.
func (t *trainer) joinWorkers(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if t.group.Size() == 1 {
		return ctx, func() {}, nil
	}
	w := &t.workers
	var err error
	if w.local, err = newScore(t.job.Net); err != nil {
		return nil, nil, err
	}
	if w.other, err = newScore(t.job.Net); err != nil {
		return nil, nil, err
	}
	for _, p := range t.programs.params {
		if p.State && p.Value.DType() == tensor.Float32 {
			w.states = append(w.states, p)
			w.before = append(w.before, make([]float32, p.Len()))
			w.moved = append(w.moved, make([]float32, p.Len()))
		}
	}
	w.asked = ctx.Err
	ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	return ctx, w.stop, nil
}

// beginStep notes where the running statistics stand.
func (t *trainer) beginStep() {
	if t.group.Size() == 1 {
		return
	}
	for i, p := range t.workers.states {
		copy(t.workers.before[i], tensor.Data[float32](t.programs.state.Get(p.Name)))
	}
}

// noGradients stands for the gradients of no samples.
func (t *trainer) noGradients() {
	for _, p := range t.programs.params.Trainable() {
		clear(tensor.Data[float32](t.programs.state.Get(gradPrefix + p.Name)))
	}
}

// reduce adds up over all workers what they computed from n samples of their
// own. Running statistics, which every worker moves by its own samples, move by
// the mean over all samples.
func (t *trainer) reduce(ctx context.Context, n int) error {
	if t.group.Size() == 1 {
		return nil
	}
	w := &t.workers
	w.pending = w.pending[:0]
	for _, p := range slices.Backward(t.programs.params.Trainable()) { // as they become ready
		w.pending = append(w.pending, t.group.Start(tensor.Data[float32](t.programs.state.Get(gradPrefix+p.Name))))
	}
	share := float32(n) * t.scale[0]
	for i, p := range w.states {
		for j, x := range tensor.Data[float32](t.programs.state.Get(p.Name)) {
			w.moved[i][j] = share * (x - w.before[i][j])
		}
		w.pending = append(w.pending, t.group.Start(w.moved[i]))
	}
	for _, p := range w.pending {
		if err := p.Wait(ctx); err != nil {
			return err
		}
	}
	for i, p := range w.states {
		for j, x := range w.before[i] {
			tensor.Data[float32](t.programs.state.Get(p.Name))[j] = x + w.moved[i][j]
		}
	}
	return t.shareScores(ctx)
}

// shareScores adds the step's scores of all workers, in the order of ranks, to
// those of the epoch, and ends the run if one of them asks for it.
func (t *trainer) shareScores(ctx context.Context) error {
	w := &t.workers
	own := make([]float64, 1, 16)
	if w.asked() != nil {
		own[0] = 1
	}
	own = w.local.pack(own)
	ranks := t.group.Size()
	lengths := make([]int64, ranks)
	lengths[t.group.Rank()] = int64(len(own))
	if err := comm.AllGather(ctx, t.group, lengths); err != nil {
		return err
	}
	longest := int(slices.Max(lengths))
	all := make([]float64, ranks*longest)
	copy(all[t.group.Rank()*longest:], own)
	if err := comm.AllGather(ctx, t.group, all); err != nil {
		return err
	}
	for rank := range ranks {
		packed := all[rank*longest:][:lengths[rank]]
		if packed[0] != 0 {
			w.stop()
		}
		if err := w.other.unpack(packed[1:]); err != nil {
			return err
		}
		if err := t.score.merge(w.other); err != nil {
			return err
		}
		if rank != t.group.Rank() {
			t.stepLoss += w.other.loss
			t.stepSamples += w.other.samples
		}
	}
	w.local.reset()
	return nil
}

// pack appends a score as numbers: loss, samples, and each metric's state after
// its length.
func (s *score) pack(dst []float64) []float64 {
	dst = append(dst, s.loss, float64(s.samples))
	for _, m := range s.metrics {
		state := m.metric.State()
		dst = append(append(dst, float64(len(state))), state...)
	}
	return dst
}

// unpack replaces the score by one that a worker with the same metrics packed.
func (s *score) unpack(packed []float64) error {
	s.loss, s.samples = packed[0], int(packed[1])
	packed = packed[2:]
	for _, m := range s.metrics {
		n := int(packed[0])
		if err := m.metric.Restore(packed[1:][:n]); err != nil {
			return err
		}
		packed = packed[1+n:]
	}
	return nil
}

// merge adds what another score has gathered.
func (s *score) merge(other *score) error {
	s.loss += other.loss
	s.samples += other.samples
	for i, m := range s.metrics {
		if err := m.metric.Merge(other.metrics[i].metric); err != nil {
			return err
		}
	}
	return nil
}
