package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// NegOp is y = -x, elementwise.
type NegOp struct{ numberUnary }

// Neg is -x.
func Neg(x *graph.Value) *graph.Value { return apply1(NegOp{}, x) }

// Spec describes the operator.
func (o NegOp) Spec() graph.Spec {
	return unaryIn(o, "Neg", 13, "y = -x", 0, -1, 1)
}

// Eval is the definition.
func (NegOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Neg(in[0])) }

// Grad is dx = -g.
func (NegOp) Grad(_, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Neg(g[0])}
}
