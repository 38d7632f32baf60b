package train

import (
	"context"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/tensor"
)

// trainOn makes one update from this worker's parts of a batch.
func (t *trainer) trainOn(ctx context.Context, b *data.Batch, parts []feature.Part) error {
	total := min(t.job.Batch, t.src.Len()-t.sample) // over all workers
	t.scale[0] = 1 / float32(total)
	t.key[1] = int64(t.step)
	if err := t.addGradients(ctx, b, parts); err != nil {
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

// addGradients computes the gradients of a batch, over all of its parts.
func (t *trainer) addGradients(ctx context.Context, b *data.Batch, parts []feature.Part) error {
	if t.whole() {
		t.workers.overdue = t.isOverdue()
		loss, err := t.gradients(ctx, b, parts[0], t.score)
		t.stepLoss += loss
		t.stepSamples += b.Len()
		return err
	}
	t.beginParts()
	for _, part := range parts {
		if part.Lo == part.Hi {
			clear(t.programs.gradients.all)
		} else if _, err := t.gradients(ctx, b, part, t.workers.scores.part); err != nil {
			return err
		}
		t.workers.scores.endPart()
		t.endPart(part, float32(part.Hi-part.Lo)*t.scale[0])
	}
	return t.endParts(ctx)
}

// gradients computes the gradients of a part of a batch, and returns the sum of
// its samples' losses.
func (t *trainer) gradients(ctx context.Context, b *data.Batch, part feature.Part, into *score) (float64, error) {
	x, y := samplesOf(b, part)
	index := b.Index[part.Lo:part.Hi]
	n := len(index)
	t.share[0] = float32(n) * t.scale[0]
	f := t.first
	f.set(inputName, x)
	f.set(targetName, y)
	f.set(nn.IndexInput, tensor.Of(index))
	t.programs.carried.feed(f, part)
	out, err := t.programs.first.Run(f.values)
	if err != nil {
		return 0, err
	}
	t.programs.carried.take(out, part)
	loss := out[outLoss].Float64At() + float64(n)*out[outPenalty].Float64At()
	if !isNumber(loss) {
		return 0, t.diverged(ctx, x, index, loss)
	}
	return loss, into.add(out, loss, n)
}
