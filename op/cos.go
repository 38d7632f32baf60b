package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// CosOp is y = cos x, elementwise.
type CosOp struct{ floatUnary }

// Cos is cos x, in radians.
func Cos(x *graph.Value) *graph.Value { return apply1(CosOp{}, x) }

// Spec describes the operator.
func (o CosOp) Spec() graph.Spec {
	return unaryIn(o, "Cos", 7, "y = cos x", 4, -4, 4)
}

// Eval is the definition.
func (CosOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Cos(in[0])) }

// Grad is dx = -g·sin x.
func (CosOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Neg(Mul(g[0], Sin(in[0])))}
}
