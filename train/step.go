package train

import (
	"context"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/tensor"
)

// trainOn makes one update from this worker's part of a batch.
func (t *trainer) trainOn(ctx context.Context, b *data.Batch) error {
	total := min(t.job.Batch, t.src.Len()-t.sample) // over all workers
	t.scale[0] = 1 / float32(total)
	t.key[1] = int64(t.step)
	t.beginStep()
	parts := min(t.job.Accumulate, b.Len())
	if parts == 0 { // fewer samples than workers
		t.noGradients()
	}
	for i := range parts {
		lo, hi := b.Len()*i/parts, b.Len()*(i+1)/parts
		if err := t.gradients(i == 0, b, lo, hi); err != nil {
			return err
		}
	}
	if err := t.reduce(ctx, b.Len()); err != nil {
		return err
	}
	at := optim.Time{Step: int64(t.step), StepsPerEpoch: int64(t.job.stepsPerEpoch()), Steps: int64(t.totalSteps())}
	t.rate[0] = t.job.Optimizer.Rate() * t.job.Schedule.Factor(at)
	t.number[0] = int64(t.step + 1)
	if _, err := t.programs.update.Run(t.update.values); err != nil {
		return err
	}
	t.step++
	return nil
}

func (t *trainer) totalSteps() int {
	n := t.job.Epochs * t.job.stepsPerEpoch()
	if t.job.Steps > 0 {
		n = min(n, t.job.Steps)
	}
	return n
}

// gradients computes the gradients of samples lo…hi of the batch.
func (t *trainer) gradients(first bool, b *data.Batch, lo, hi int) error {
	program, f := t.programs.first, t.first
	if !first {
		program, f = t.programs.more, t.more
	}
	x, y, index := b.X, b.Y, b.Index[lo:hi]
	if hi-lo < b.Len() {
		x = x.Slice(0, lo, hi, 1)
		if y != nil {
			y = y.Slice(0, lo, hi, 1)
		}
	}
	t.share[0] = float32(hi-lo) * t.scale[0]
	f.set(inputName, x)
	f.set(targetName, y)
	f.set(nn.IndexInput, tensor.Of(index))
	out, err := program.Run(f.values)
	if err != nil {
		return err
	}
	loss := out[outLoss].Float64At() + float64(hi-lo)*out[outPenalty].Float64At()
	if !isNumber(loss) {
		return t.diverged(program, f, x, index, loss)
	}
	t.stepLoss += loss
	t.stepSamples += hi - lo
	return t.workers.local.add(out, loss, hi-lo)
}
