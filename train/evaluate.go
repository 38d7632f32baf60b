package train

import (
	"context"
	"errors"
	"io"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// evalBatch is the least number of samples of an evaluation's batch, for each
// virtual worker.
const evalBatch = 256

// evaluate measures on a source, without the penalties; nil gives nil. Each
// worker measures its parts; the scores of all parts are added up in their order.
func (t *trainer) evaluate(ctx context.Context, src data.Source) (report.Scores, error) {
	if src == nil {
		return nil, nil
	}
	total, err := newScore(t.job.Net)
	if err != nil {
		return nil, err
	}
	lo, hi := data.Owned(t.job.parts, t.group.Rank(), t.group.Size())
	own := make([]*score, hi-lo)
	for i := range own {
		if own[i], err = newScore(t.job.Net); err != nil {
			return nil, err
		}
	}
	states := t.programs.carried.anew()
	size := max(t.job.Batch, evalBatch*t.job.parts)
	if len(states.names) > 0 {
		size = t.job.Batch
	}
	batches, err := feature.NewBatches(ctx, src, t.pipeline, feature.BatchOptions{
		Size: size, Parts: t.job.parts, Rank: t.group.Rank(), Ranks: t.group.Size(),
	})
	if err != nil {
		return nil, err
	}
	defer batches.Close()
	for {
		b, err := batches.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for _, part := range batches.Parts() {
			if err := t.measure(b, part, states, own[part.Number-lo]); err != nil {
				return nil, err
			}
		}
		if err := t.mayGoOn(ctx); err != nil {
			return nil, err
		}
	}
	var all scores
	if err := all.init(t.job.Net, t.job.parts); err != nil {
		return nil, err
	}
	for _, s := range own {
		all.packed = s.pack(all.packed)
	}
	all.endStep()
	if _, _, err := all.settle(ctx, t.group, total); err != nil {
		return nil, err
	}
	return total.values(true), nil
}

// measure adds a part of a batch to a score, and carries the states on.
func (t *trainer) measure(b *data.Batch, part feature.Part, states *carried, into *score) error {
	n := part.Hi - part.Lo
	if n == 0 {
		return nil
	}
	f := t.eval
	x, y := samplesOf(b, part)
	f.set(inputName, x)
	f.set(targetName, y)
	states.feed(f, part)
	out, err := t.programs.eval.Run(f.values)
	if err != nil {
		return err
	}
	states.take(out, part)
	return into.add(out, out[outLoss].Float64At(), n)
}

// samplesOf are the inputs and targets of a part of a batch.
func samplesOf(b *data.Batch, part feature.Part) (x, y *tensor.Tensor) {
	if part.Hi-part.Lo == b.Len() {
		return b.X, b.Y
	}
	x = b.X.Slice(0, part.Lo, part.Hi, 1)
	if b.Y != nil {
		y = b.Y.Slice(0, part.Lo, part.Hi, 1)
	}
	return x, y
}
