package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// FloorOp is y = ⌊x⌋, elementwise.
type FloorOp struct{ floatUnary }

// Floor is ⌊x⌋.
func Floor(x *graph.Value) *graph.Value { return apply1(FloorOp{}, x) }

// Spec describes the operator.
func (o FloorOp) Spec() graph.Spec {
	return unaryIn(o, "Floor", 13, "y = ⌊x⌋", 0, -4, 4, -4, -3, -2, -1, 0, 1, 2, 3, 4)
}

// Eval is the definition.
func (FloorOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Floor(in[0])) }

// Grad is zero.
func (FloorOp) Grad(_, _, _ []*graph.Value) []*graph.Value {
	return []*graph.Value{nil}
}
