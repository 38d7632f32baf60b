package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SoftplusOp is y = ln(1 + eˣ), elementwise.
type SoftplusOp struct{ floatUnary }

// Softplus is ln(1 + eˣ).
func Softplus(x *graph.Value) *graph.Value { return apply1(SoftplusOp{}, x) }

// Spec describes the operator.
func (o SoftplusOp) Spec() graph.Spec {
	return unaryIn(o, "Softplus", 1, "y = ln(1 + e^x)", 4, -6, 6)
}

// Eval is the definition, in a form that neither overflows nor cancels.
func (SoftplusOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(mapFloat(in[0], func(v float64) float64 {
		return max(v, 0) + math.Log1p(math.Exp(-math.Abs(v)))
	}))
}

// Grad is dx = g·sigmoid(x).
func (SoftplusOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Mul(g[0], Sigmoid(in[0]))}
}
