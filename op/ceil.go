package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// CeilOp is y = ⌈x⌉, elementwise.
type CeilOp struct{ floatUnary }

// Ceil is ⌈x⌉.
func Ceil(x *graph.Value) *graph.Value { return apply1(CeilOp{}, x) }

// Spec describes the operator.
func (o CeilOp) Spec() graph.Spec {
	return unaryIn(o, "Ceil", 13, "y = ⌈x⌉", 0, -4, 4, -4, -3, -2, -1, 0, 1, 2, 3, 4)
}

// Eval is the definition.
func (CeilOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Ceil(in[0])) }

// Grad is zero.
func (CeilOp) Grad(_, _, _ []*graph.Value) []*graph.Value {
	return []*graph.Value{nil}
}
