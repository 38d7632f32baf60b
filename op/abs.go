package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// AbsOp is y = |x|, elementwise.
type AbsOp struct{ numberUnary }

// Abs is |x|.
func Abs(x *graph.Value) *graph.Value { return apply1(AbsOp{}, x) }

// Spec describes the operator.
func (o AbsOp) Spec() graph.Spec {
	return unaryIn(o, "Abs", 13, "y = |x|", 0, -1, 1, 0)
}

// Eval is the definition.
func (AbsOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Abs(in[0])) }

// Grad is dx = g·sign(x).
func (AbsOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Mul(g[0], Sign(in[0]))}
}
