package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SigmoidOp is y = 1/(1 + e⁻ˣ), elementwise.
type SigmoidOp struct{ floatUnary }

// Sigmoid is 1/(1 + e⁻ˣ).
func Sigmoid(x *graph.Value) *graph.Value { return apply1(SigmoidOp{}, x) }

// Spec describes the operator.
func (o SigmoidOp) Spec() graph.Spec {
	return unaryIn(o, "Sigmoid", 13, "y = 1/(1 + e^-x)", 4, -6, 6)
}

// Eval is the definition.
func (SigmoidOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Sigmoid(in[0]))
}

// Grad is dx = g·y·(1-y).
func (SigmoidOp) Grad(_, out, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Mul(g[0], Mul(out[0], Sub(Scalar(out[0], 1), out[0])))}
}
