package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ErfOp is y = erf(x) = 2/√π ∫₀ˣ exp(-t²) dt, elementwise.
type ErfOp struct{ floatUnary }

// Erf is the error function of x.
func Erf(x *graph.Value) *graph.Value { return apply1(ErfOp{}, x) }

// Spec describes the operator.
func (o ErfOp) Spec() graph.Spec {
	return unaryIn(o, "Erf", 13, "y = erf(x)", 4, -3, 3)
}

// Eval is the definition.
func (ErfOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Erf(in[0])) }

// Grad is dx = g·2/√π·exp(-x²).
func (ErfOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Mul(g[0], Mul(Scalar(in[0], 2/math.Sqrt(math.Pi)), Exp(Neg(Mul(in[0], in[0])))))}
}
