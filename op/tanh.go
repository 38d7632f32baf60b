package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// TanhOp is y = tanh x, elementwise.
type TanhOp struct{ floatUnary }

// Tanh is tanh x.
func Tanh(x *graph.Value) *graph.Value { return apply1(TanhOp{}, x) }

// Spec describes the operator.
func (o TanhOp) Spec() graph.Spec {
	return unaryIn(o, "Tanh", 13, "y = tanh x", 4, -4, 4)
}

// Eval is the definition.
func (TanhOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Tanh(in[0])) }

// Grad is dx = g·(1-y²).
func (TanhOp) Grad(_, out, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Mul(g[0], Sub(Scalar(out[0], 1), Mul(out[0], out[0])))}
}
