package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ExpOp is y = eˣ, elementwise.
type ExpOp struct{ floatUnary }

// Exp is eˣ.
func Exp(x *graph.Value) *graph.Value { return apply1(ExpOp{}, x) }

// Spec describes the operator.
func (o ExpOp) Spec() graph.Spec {
	return unaryIn(o, "Exp", 13, "y = e^x", 4, -4, 4)
}

// Eval is the definition.
func (ExpOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Exp(in[0])) }

// Grad is dx = g·y.
func (ExpOp) Grad(_, out, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Mul(g[0], out[0])}
}
