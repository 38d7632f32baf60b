package train

import (
	"fmt"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/tensor"
)

// carried are the states that layers carry from batch to batch, [batch, …] each, of
// which row i is sample i's. A worker that has some parts of every batch computes
// their rows; in training it gets the others with the gradients, so that all workers
// have the same variables after each step.
type carried struct {
	names []string
	rows  []*tensor.Tensor
	parts int // of every batch
}

// newCarried makes the states of batches in so many parts: zeros.
func newCarried(carries []nn.Carry, batch, parts int) *carried {
	c := &carried{parts: parts}
	for _, carry := range carries {
		row, _ := carry.Before.Shape()[1:].Concrete()
		c.names = append(c.names, carry.Before.Name())
		c.rows = append(c.rows, tensor.New(carry.Before.DType(), append(tensor.Shape{batch}, row...)...))
	}
	return c
}

// anew is zeros for the same states.
func (c *carried) anew() *carried {
	other := &carried{names: c.names, parts: c.parts}
	for _, rows := range c.rows {
		other.rows = append(other.rows, tensor.New(rows.DType(), rows.Shape()...))
	}
	return other
}

// place makes the states variables, which checkpoints hold and workers share.
func (c *carried) place(state *engine.State) error {
	for i, name := range c.names {
		if err := state.Place(name, c.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// of are the rows of state i that a part of a batch has.
func (c *carried) of(i int, part feature.Part) *tensor.Tensor {
	lo := c.rows[i].Shape()[0] * part.Number / c.parts
	return c.rows[i].Slice(0, lo, lo+part.Hi-part.Lo, 1)
}

// feed gives a program what the part begins with.
func (c *carried) feed(f *feeds, part feature.Part) {
	for i, name := range c.names {
		f.set(name, c.of(i, part))
	}
}

// take keeps what a program of the part ended with, its last outputs.
func (c *carried) take(out []*tensor.Tensor, part feature.Part) {
	for i := range c.names {
		tensor.CopyInto(c.of(i, part), out[outTarget+1+i])
	}
}

// reset begins the sequences anew.
func (c *carried) reset() {
	for _, rows := range c.rows {
		clear(tensor.Data[float32](rows))
	}
}

// len is how many numbers the states hold.
func (c *carried) len() (n int) {
	for _, rows := range c.rows {
		n += rows.Len()
	}
	return n
}

// give writes the rows of a part into what is added up over all parts, and zeros for
// the others.
func (c *carried) give(sum []float32, part feature.Part) {
	clear(sum[:c.len()])
	for i, rows := range c.rows {
		row := rows.Len() / rows.Shape()[0]
		own := tensor.Data[float32](c.of(i, part))
		copy(sum[rows.Shape()[0]*part.Number/c.parts*row:], own)
		sum = sum[rows.Len():]
	}
}

// receive reads the rows of all parts.
func (c *carried) receive(sum []float32) {
	for _, rows := range c.rows {
		sum = sum[copy(tensor.Data[float32](rows), sum):]
	}
}

// checkStateful refuses what leaves no sample its place: another order in each epoch,
// shards that are mixed, and a last batch of another size.
func (t *trainer) checkStateful() error {
	if len(t.programs.carried.names) == 0 {
		return nil
	}
	if *t.job.Shuffle {
		return &config.Error{
			Detail: "the net is stateful: sample i of a batch goes on where sample i of the one before ended, and shuffling moves the samples",
			Hint:   "set shuffle: false in train, or leave out stateful",
		}
	}
	for _, src := range []data.Source{t.src, t.job.Data.Valid, t.job.Data.Test} {
		if src == nil {
			continue
		}
		name := src.Schema().Name
		if _, mixed := src.(data.Spread); mixed {
			return &data.ContentError{Source: name, Detail: "the net is stateful, and shards spread over the workers are mixed, which moves the samples", Hint: "give all workers the whole data, or leave out stateful"}
		}
		if last := src.Len() % t.job.Batch; last != 0 {
			return &data.ContentError{
				Source: name, Detail: fmt.Sprintf("the net is stateful, so that all batches have %d samples, and the last of its %d would have %d", t.job.Batch, src.Len(), last),
				Hint: fmt.Sprintf("set a batch that divides %d, or leave out samples", src.Len()),
			}
		}
	}
	return nil
}
