package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// Embedding replaces each whole number of its input by a trained vector.
//
// Shapes: x is [N, …] of numbers in 0…size−1, y is [N, …, units]. A float is cut
// to a whole number; a negative one counts from the end, as in ONNX. Parameters:
// weight [size, units].
type Embedding struct {
	Size  int     `required:"true" min:"1" doc:"how many different numbers there are"`
	Units int     `required:"true" min:"1" doc:"length of each vector"`
	L1    float64 `min:"0" doc:"λ of λ·Σ|w|, added to the loss"`
	L2    float64 `min:"0" doc:"λ of λ·Σw², added to the loss"`
	Init  Init    `default:"normal(0, 1)" doc:"first values of the vectors"`
}

// Build adds the layer to the graph.
func (l Embedding) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	w := b.Param("weight", l.Init, l.Size, l.Units)
	b.Penalize(w, l.L1, l.L2)
	if x.DType() != tensor.Int64 && x.DType() != tensor.Int32 {
		x = op.Cast(x, tensor.Int64)
	}
	return op.Gather(w, x, 0)
}
