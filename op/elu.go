package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// EluOp is y = x where x > 0, else Alpha·(eˣ - 1), elementwise.
type EluOp struct {
	floatUnary
	Alpha Opt[float64] `onnx:"alpha" default:"1"`
}

// Elu is x where x > 0, else alpha·(eˣ - 1).
func Elu(x *graph.Value, alpha float64) *graph.Value {
	return apply1(EluOp{Alpha: Set(alpha)}, x)
}

// Spec describes the operator.
func (o EluOp) Spec() graph.Spec {
	s := unaryIn(EluOp{}, "Elu", 6, "y = x > 0 ? x : alpha·(e^x - 1)", 4, -3, 3, 0)
	s.Source = "Clevert, Unterthiner, Hochreiter, \"Fast and accurate deep network learning by exponential linear units\", 2016"
	common := s.Cases
	s.Cases = func() []graph.Case {
		return append(common(), graph.Case{Name: "alpha", Op: EluOp{Alpha: Set(0.3)}, In: []graph.Arg{{Shape: []int{4, 5}, Kinks: []float64{0}}}})
	}
	return s
}

// Eval is the definition.
func (o EluOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(mapFloat(in[0], func(v float64) float64 {
		if v <= 0 {
			return o.Alpha.Or(1) * math.Expm1(v)
		}
		return v
	}))
}

// Grad is dx = g where x > 0, else g·(y + Alpha) = g·Alpha·eˣ.
func (o EluOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	slope := Mul(g[0], Add(out[0], Scalar(g[0], o.Alpha.Or(1))))
	return []*graph.Value{Where(Greater(in[0], Scalar(in[0], 0)), g[0], slope)}
}
