package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// recurrent runs the directions of a recurrent operator one after the other.
type recurrent[T kernel.Float] struct {
	b       *Backend
	o       ops.Recurrent
	train   bool
	dirs    []kernel.Recurrent[T]
	gates   int // where the gates lie in scratch memory, if they are not kept
	lens    []int32
	scratch []T
}

var recurrentCells = map[ops.Cell]kernel.RecurrentCell{
	ops.RNNCell: kernel.SimpleCell, ops.LSTMCell: kernel.LSTMCell, ops.GRUCell: kernel.GRUCell,
}

var recurrentFunctions = map[string]kernel.UnaryOp{"Tanh": kernel.Tanh, "Relu": kernel.Relu, "Sigmoid": kernel.Sigmoid}

// recurrentSizes is direction d of an operator on inputs of these sizes; ok is
// false where the kernel does not know the operator's functions.
func recurrentSizes[T kernel.Float](o ops.Recurrent, d, steps, batch, in, hidden int) (r kernel.Recurrent[T], ok bool) {
	name, ok := o.Standard()
	f, known := recurrentFunctions[name]
	ok = ok && known && (o.Cell != ops.RNNCell || name != "Sigmoid")
	r = kernel.Recurrent[T]{
		Cell: recurrentCells[o.Cell], Function: f, Linear: o.LinearBeforeReset, Reverse: o.Reverse(d), Truncate: o.Truncate,
		Steps: steps, Batch: batch, In: in, Hidden: hidden,
		StepRow: batch, SampleRow: 1, StepOut: o.Directions() * batch, SampleOut: 1, StateRow: 1,
	}
	if o.Layout == 1 {
		r.StepRow, r.SampleRow, r.StepOut, r.SampleOut, r.StateRow = 1, steps, o.Directions(), steps*o.Directions(), o.Directions()
	}
	return r, ok
}

// recurrentPart is what direction d has of a value: [D, …] cut along its first axis
// for weights and what is kept; with first, the rows of Y or a state from its first
// one on.
func recurrentPart[T kernel.Float](t *tensor.Tensor, d, dirs int) []T {
	x := dataOf[T](t)
	if x == nil {
		return nil
	}
	n := len(x) / dirs
	return x[d*n : (d+1)*n]
}

func recurrentRows[T kernel.Float](t *tensor.Tensor, d, between, hidden int) []T {
	x := dataOf[T](t)
	if x == nil {
		return nil
	}
	return x[min(d*between*hidden, len(x)):]
}

// between is how many rows of Y or a state lie between two directions.
func between(o ops.Recurrent, batch int) int {
	if o.Layout == 1 {
		return 1
	}
	return batch
}

func bindRecurrent[T kernel.Float](train bool, o ops.Recurrent) func(*Backend, []graph.Type, []graph.Type) (engine.Prepared, bool) {
	return func(b *Backend, in, out []graph.Type) (engine.Prepared, bool) {
		x, r := shapeOf(in[0]), shapeOf(in[2])
		steps, batch := x[0], x[1]
		if o.Layout == 1 {
			steps, batch = batch, steps
		}
		if len(in) > 7 && in[7].Present() { // peepholes
			return engine.Prepared{}, false
		}
		k := &recurrent[T]{b: b, o: o, train: train}
		scratch := 0
		for d := range o.Directions() {
			dir, ok := recurrentSizes[T](o, d, steps, batch, x[2], r[2])
			if !ok {
				return engine.Prepared{}, false
			}
			k.dirs = append(k.dirs, dir)
			scratch = max(scratch, dir.ScratchLen(b.Threads()))
		}
		if !train {
			k.gates = steps * batch * r[1]
		}
		return engine.Prepared{Kernel: k, Scratch: (scratch + k.gates) * out[0].DType.Size()}, true
	}
}

func (k *recurrent[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	get := func(list []*tensor.Tensor, i int) *tensor.Tensor {
		if i < len(list) {
			return list[i]
		}
		return nil
	}
	all := scratchOf[T](scratch)
	k.scratch = all[k.gates:]
	k.lens = dataOf[int32](get(in, 4))
	n := len(k.dirs)
	for d := range k.dirs {
		r := &k.dirs[d]
		step := between(k.o, r.Batch)
		r.X, r.W, r.R, r.Bias = dataOf[T](in[0]), recurrentPart[T](in[1], d, n), recurrentPart[T](in[2], d, n), recurrentPart[T](get(in, 3), d, n)
		r.Lengths, r.InitialH = k.lens, recurrentRows[T](get(in, 5), d, step, r.Hidden)
		r.Y, r.LastH = recurrentRows[T](out[0], d, step, r.Hidden), recurrentRows[T](out[1], d, step, r.Hidden)
		kept := 2
		if k.o.Cell == ops.LSTMCell {
			r.InitialC, r.LastC, kept = recurrentRows[T](get(in, 6), d, step, r.Hidden), recurrentRows[T](out[2], d, step, r.Hidden), 3
		}
		r.Gates = all[:k.gates]
		if k.train {
			r.Gates, r.Previous = recurrentPart[T](out[kept], d, n), recurrentPart[T](out[kept+1], d, n)
			if k.o.KeepsMore() {
				r.Extra = recurrentPart[T](out[kept+2], d, n)
			}
		}
	}
}

func (k *recurrent[T]) Run() error {
	if err := checkLengths(k.lens, k.dirs[0].Steps); err != nil {
		return err
	}
	for d := range k.dirs {
		k.dirs[d].Run(k.b.pool, k.scratch)
	}
	return nil
}

func checkLengths(lens []int32, steps int) error {
	for n, v := range lens {
		if err := ops.CheckLength(n, v, steps); err != nil {
			return err
		}
	}
	return nil
}

// recurrentGrad goes back through the steps, one direction after the other.
type recurrentGrad[T kernel.Float] struct {
	b       *Backend
	o       ops.Recurrent
	dirs    []kernel.RecurrentGrad[T]
	lens    []int32
	scratch []T
}

func bindRecurrentGrad[T kernel.Float](b *Backend, o ops.RecurrentGradOp, in, out []graph.Type) (engine.Prepared, bool) {
	r, gates := shapeOf(in[0]), shapeOf(in[1])
	steps, batch := gates[1], gates[2]
	if o.Layout == 1 {
		steps, batch = batch, steps
	}
	if len(in) > 8 && in[8].Present() { // peepholes
		return engine.Prepared{}, false
	}
	k := &recurrentGrad[T]{b: b, o: o.Recurrent}
	scratch := 0
	for d := range o.Directions() {
		dir, ok := recurrentSizes[T](o.Recurrent, d, steps, batch, 0, r[2])
		if !ok {
			return engine.Prepared{}, false
		}
		g := kernel.RecurrentGrad[T]{Recurrent: dir}
		k.dirs = append(k.dirs, g)
		scratch = max(scratch, g.ScratchLen(b.Threads()))
	}
	return engine.Prepared{Kernel: k, Scratch: scratch * out[0].DType.Size()}, true
}

func (k *recurrentGrad[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	get := func(i int) *tensor.Tensor {
		if i < len(in) {
			return in[i]
		}
		return nil
	}
	k.scratch, k.lens = scratchOf[T](scratch), dataOf[int32](get(7))
	n := len(k.dirs)
	for d := range k.dirs {
		r := &k.dirs[d]
		step := between(k.o, r.Batch)
		r.Lengths, r.R, r.Gates, r.Previous = k.lens, recurrentPart[T](in[0], d, n), recurrentPart[T](in[1], d, n), recurrentPart[T](in[2], d, n)
		r.Extra = recurrentPart[T](get(3), d, n)
		r.DY, r.DLastH, r.DLastC = recurrentRows[T](get(4), d, step, r.Hidden), recurrentRows[T](get(5), d, step, r.Hidden), recurrentRows[T](get(6), d, step, r.Hidden)
		r.DZ = recurrentPart[T](out[0], d, n)
		rest := out[1:]
		if k.o.Cell == ops.GRUCell && k.o.LinearBeforeReset {
			r.DS, rest = recurrentPart[T](rest[0], d, n), rest[1:]
		}
		r.DInitialH = recurrentRows[T](rest[0], d, step, r.Hidden)
		if k.o.Cell == ops.LSTMCell {
			r.DInitialC = recurrentRows[T](rest[1], d, step, r.Hidden)
		}
	}
}

func (k *recurrentGrad[T]) Run() error {
	if len(k.dirs) == 0 {
		return nil
	}
	if err := checkLengths(k.lens, k.dirs[0].Steps); err != nil {
		return err
	}
	for d := range k.dirs {
		k.dirs[d].Run(k.b.pool, k.scratch)
	}
	return nil
}

// recurrentOp binds a recurrent operator in the form that full gives it.
func recurrentOp[O graph.Op](train bool, full func(O) ops.Recurrent) entry {
	return floats(
		func(b *Backend, o O, in, out []graph.Type) (engine.Prepared, bool) {
			return bindRecurrent[float32](train, full(o))(b, in, out)
		},
		func(b *Backend, o O, in, out []graph.Type) (engine.Prepared, bool) {
			return bindRecurrent[float64](train, full(o))(b, in, out)
		},
	)
}
