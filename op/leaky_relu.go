package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// LeakyReluOp is y = x where x ≥ 0, else Alpha·x, elementwise.
type LeakyReluOp struct {
	floatUnary
	Alpha Opt[float64] `onnx:"alpha" default:"0.01"`
}

// LeakyRelu is x where x ≥ 0, else alpha·x.
func LeakyRelu(x *graph.Value, alpha float64) *graph.Value {
	return apply1(LeakyReluOp{Alpha: Set(alpha)}, x)
}

// Spec describes the operator.
func (o LeakyReluOp) Spec() graph.Spec {
	s := unaryIn(LeakyReluOp{}, "LeakyRelu", 16, "y = x ≥ 0 ? x : alpha·x", 1, -1, 1, 0)
	s.Source = "Maas, Hannun, Ng, \"Rectifier nonlinearities improve neural network acoustic models\", 2013"
	common := s.Cases
	s.Cases = func() []graph.Case {
		return append(common(), graph.Case{Name: "alpha", Op: LeakyReluOp{Alpha: Set(0.3)}, In: []graph.Arg{{Shape: []int{4, 5}, Kinks: []float64{0}}}})
	}
	return s
}

func (o LeakyReluOp) alpha() float64 { return o.Alpha.Or(0.01) }

// Eval is the definition.
func (o LeakyReluOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(mapFloat(in[0], func(v float64) float64 {
		if v < 0 {
			return o.alpha() * v
		}
		return v
	}))
}

// Grad is dx = g where x > 0, else Alpha·g.
func (o LeakyReluOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	slope := Mul(g[0], Scalar(g[0], o.alpha()))
	return []*graph.Value{Where(Greater(in[0], Scalar(in[0], 0)), g[0], slope)}
}
