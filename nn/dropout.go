package nn

import (
	"fmt"
	"hash/fnv"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// The inputs of a training graph that has random numbers in it. The trainer
// feeds them at each step.
const (
	// KeyInput is int64 [2]: the seed and the number of the step.
	KeyInput = "rng.key"
	// IndexInput is int64 [N]: each sample's number in the data set, so that
	// its random numbers depend neither on its place in the batch nor on the
	// worker that has it.
	IndexInput = "rng.index"
)

// Dropout sets a share of the values to 0 while training, and divides the others
// by 1 − rate, so that the mean stays; predicting does nothing (Srivastava et al.
// 2014).
type Dropout struct {
	Rate float64 `min:"0" max:"1" exclusive:"max" doc:"share of the values that training sets to 0"`
}

// Build adds the layer to the graph.
func (l Dropout) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return b.Dropout(b.One(in), l.Rate)
}

// Dropout is x with a share of its values set to 0, as the layer [Dropout] does.
func (b *Builder) Dropout(x *graph.Value, rate float64) *graph.Value {
	if !b.Train || rate == 0 {
		return x
	}
	drop := op.Less(b.Uniform(x), op.Scalar(x, rate))
	return op.Where(drop, op.Scalar(x, 0), b.scale(x, 1/(1-rate)))
}

// Uniform is random numbers in [0, 1) in the shape [N, …] and type of x. They
// depend on the seed, the step, the sample's number, the layer's name and how
// often the layer asked before. The graph gets the inputs [KeyInput] and
// [IndexInput] with the first of them.
func (b *Builder) Uniform(x *graph.Value) *graph.Value {
	purpose := b.purpose()
	key := b.input(KeyInput, graph.Known(2))
	index := b.input(IndexInput, x.Shape()[0])
	return op.RandomUniform(key, index, x, purpose)
}

// purpose tells one use of random numbers from the others: it depends on the
// layer's name and how often the layer asked before.
func (b *Builder) purpose() int {
	purpose := fnv.New32a()
	fmt.Fprintf(purpose, "%s#%d", b.layer, b.draws[b.layer])
	if b.draws == nil {
		b.draws = map[string]int{}
	}
	b.draws[b.layer]++
	return int(purpose.Sum32())
}

// input is the int64 vector of the name, added if it is not there.
func (b *Builder) input(name string, size graph.Dim) *graph.Value {
	if v := b.Graph.Named(name); v != nil {
		return v
	}
	return b.Graph.Input(name, graph.TensorOf(tensor.Int64, size))
}
