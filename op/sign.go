package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SignOp is y = -1, 0 or 1, the sign of x, elementwise.
type SignOp struct{ numberUnary }

// Sign is the sign of x: -1, 0 or 1.
func Sign(x *graph.Value) *graph.Value { return apply1(SignOp{}, x) }

// Spec describes the operator.
func (o SignOp) Spec() graph.Spec {
	return unaryIn(o, "Sign", 13, "y = sign(x)", 0, -1, 1, 0)
}

// Eval is the definition.
func (SignOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Sign(in[0])) }

// Grad is zero.
func (SignOp) Grad(_, _, _ []*graph.Value) []*graph.Value {
	return []*graph.Value{nil}
}
