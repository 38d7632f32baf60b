package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ReciprocalOp is y = 1/x, elementwise.
type ReciprocalOp struct{ floatUnary }

// Reciprocal is 1/x.
func Reciprocal(x *graph.Value) *graph.Value { return apply1(ReciprocalOp{}, x) }

// Spec describes the operator.
func (o ReciprocalOp) Spec() graph.Spec {
	return unaryIn(o, "Reciprocal", 13, "y = 1/x", 1, 0.3, 4)
}

// Eval is the definition.
func (ReciprocalOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Reciprocal(in[0]))
}

// Grad is dx = -g·y².
func (ReciprocalOp) Grad(_, out, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Neg(Mul(g[0], Mul(out[0], out[0])))}
}
