package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// RoundOp is y = x rounded to the nearest integer, halves to the even one, elementwise.
type RoundOp struct{ floatUnary }

// Round is x rounded to the nearest integer, halves to the even one.
func Round(x *graph.Value) *graph.Value { return apply1(RoundOp{}, x) }

// Spec describes the operator.
func (o RoundOp) Spec() graph.Spec {
	return unaryIn(o, "Round", 11, "y = round(x), halves to even", 0, -2, 2, -1.5, -0.5, 0.5, 1.5)
}

// Eval is the definition.
func (RoundOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Round(in[0])) }

// Grad is zero.
func (RoundOp) Grad(_, _, _ []*graph.Value) []*graph.Value {
	return []*graph.Value{nil}
}
