package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// Dense is a fully connected layer on the last axis:
// y = dropout(activation(x·Wᵀ + b)).
//
// Shapes: x is [N, …, in], y is [N, …, units]. Parameters: weight
// [units, in], bias [units].
type Dense struct {
	Units      int        `required:"true" min:"1" doc:"size of the output"`
	Activation Activation `doc:"function of the output, such as relu"`
	Bias       *bool      `default:"true" doc:"add a trained bias"`
	L1         float64    `min:"0" doc:"λ of λ·Σ|w|, added to the loss"`
	L2         float64    `min:"0" doc:"λ of λ·Σw², added to the loss"`
	Dropout    float64    `min:"0" max:"1" exclusive:"max" doc:"share of the outputs that training sets to 0"`
	Init       Init       `default:"fan_in_uniform" doc:"first values of the weight"`
	BiasInit   Init       `default:"fan_in_uniform" doc:"first values of the bias"`
}

// Build adds the layer to the graph.
func (l Dense) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	if x.Rank() < 2 {
		b.Failf("wants [N, …, features], given %v", x.Shape())
	}
	shape := []int{l.Units, b.size(x, -1)}
	w := b.Param("weight", l.Init, shape...)
	b.Penalize(w, l.L1, l.L2)
	var bias *graph.Value
	if *l.Bias {
		bias = b.param("bias", l.BiasInit, fansOf(shape), shape[:1])
	}
	var y *graph.Value
	switch {
	case x.Rank() == 2:
		y = op.Gemm(x, w, bias, op.GemmOp{TransB: true})
	case bias == nil:
		y = op.MatMul(x, op.Transpose(w, 1, 0))
	default:
		y = op.Add(op.MatMul(x, op.Transpose(w, 1, 0)), bias)
	}
	return b.Dropout(l.Activation.of(b, y), l.Dropout)
}
