package train

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/tensor"
)

// opening is what workers tell each other before they begin.
type opening struct {
	Data       string      `json:"data"`   // fingerprint
	Layers     string      `json:"layers"` // fingerprint
	Batch      int         `json:"batch"`
	Parts      int         `json:"parts"`
	Seed       uint64      `json:"seed"`
	Checkpoint *checkpoint `json:"checkpoint,omitempty"` // that the first worker goes on from
	Best       bool        `json:"best"`                 // the first worker has parameters to restore
}

// startTogether gives all workers what the first one has: the place in the run
// where it goes on from a checkpoint, and all variables. Workers that differ in
// what they train are an error.
func (t *trainer) startTogether(ctx context.Context) error {
	if t.group.Size() == 1 {
		return nil
	}
	own := opening{Data: t.data, Layers: t.layers, Batch: t.job.Batch, Parts: t.job.parts, Seed: t.job.Seed, Checkpoint: t.resumed, Best: t.best != nil}
	words, err := json.Marshal(own)
	if err != nil {
		return err
	}
	all, err := comm.Exchange(ctx, t.group, words)
	if err != nil {
		return err
	}
	var first opening
	for rank, message := range all {
		var o opening
		if err := json.Unmarshal(message, &o); err != nil {
			return fmt.Errorf("what rank %d says before training begins: %w", rank, err)
		}
		if rank == 0 {
			first = o
		}
		if err := o.differs(first, rank); err != nil {
			return err
		}
	}
	if first.Checkpoint != nil && t.group.Rank() != 0 {
		if err := t.goOn(*first.Checkpoint); err != nil {
			return err
		}
	}
	for _, name := range t.programs.state.Names() {
		if transient(name) {
			continue
		}
		if err := t.broadcast(ctx, t.programs.state.Get(name)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if first.Best {
		return t.broadcastBest(ctx)
	}
	return nil
}

// differs is an error if a worker trains something else than the first.
func (o opening) differs(first opening, rank int) error {
	for _, what := range []struct {
		name        string
		first, here any
	}{
		{"the training data", first.Data, o.Data},
		{"the net", first.Layers, o.Layers},
		{"the batch", first.Batch, o.Batch},
		{"the number of virtual workers", first.Parts, o.Parts},
		{"the seed", first.Seed, o.Seed},
	} {
		if what.first != what.here {
			return &config.Error{
				Detail: fmt.Sprintf("%s of rank %d is not that of rank 0: %v there, %v here", what.name, rank, what.first, what.here),
				Hint:   "give all workers the same job and the same files",
			}
		}
	}
	return nil
}

// broadcast gives all workers the first one's value of a variable.
func (t *trainer) broadcast(ctx context.Context, x *tensor.Tensor) error {
	switch x.DType() {
	case tensor.Float32:
		return comm.Broadcast(ctx, t.group, 0, tensor.Data[float32](x))
	case tensor.Float64:
		return comm.Broadcast(ctx, t.group, 0, tensor.Data[float64](x))
	case tensor.Int64:
		return comm.Broadcast(ctx, t.group, 0, tensor.Data[int64](x))
	}
	return fmt.Errorf("workers do not share variables of type %v", x.DType())
}

// broadcastBest gives all workers the parameters that early stopping may restore.
func (t *trainer) broadcastBest(ctx context.Context) error {
	if t.group.Rank() != 0 {
		t.remember() // memory of the same shapes
	}
	for _, p := range t.programs.params {
		if err := t.broadcast(ctx, t.best[p.Name]); err != nil {
			return fmt.Errorf("best %s: %w", p.Name, err)
		}
	}
	return nil
}
