package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SinOp is y = sin x, elementwise.
type SinOp struct{ floatUnary }

// Sin is sin x, in radians.
func Sin(x *graph.Value) *graph.Value { return apply1(SinOp{}, x) }

// Spec describes the operator.
func (o SinOp) Spec() graph.Spec {
	return unaryIn(o, "Sin", 7, "y = sin x", 4, -4, 4)
}

// Eval is the definition.
func (SinOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Sin(in[0])) }

// Grad is dx = g·cos x.
func (SinOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Mul(g[0], Cos(in[0]))}
}
