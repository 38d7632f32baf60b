package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SqrtOp is y = √x, elementwise.
type SqrtOp struct{ floatUnary }

// Sqrt is √x.
func Sqrt(x *graph.Value) *graph.Value { return apply1(SqrtOp{}, x) }

// Spec describes the operator.
func (o SqrtOp) Spec() graph.Spec {
	return unaryIn(o, "Sqrt", 13, "y = √x", 1, 0.1, 4)
}

// Eval is the definition.
func (SqrtOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Sqrt(in[0])) }

// Grad is dx = g/(2y).
func (SqrtOp) Grad(_, out, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Div(g[0], Mul(out[0], Scalar(out[0], 2)))}
}
