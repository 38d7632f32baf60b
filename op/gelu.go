package op

import (
	"fmt"
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GeluOp is y = x·Φ(x) = x/2·(1 + erf(x/√2)), elementwise; with the Approximate
// "tanh" it is x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
type GeluOp struct {
	floatUnary
	Approximate string `onnx:"approximate" default:"none"`
}

// Gelu is x·Φ(x), Φ being the distribution function of the normal distribution.
func Gelu(x *graph.Value) *graph.Value { return apply1(GeluOp{}, x) }

// GeluTanh is Gelu approximated with tanh.
func GeluTanh(x *graph.Value) *graph.Value { return apply1(GeluOp{Approximate: "tanh"}, x) }

// Spec describes the operator.
func (o GeluOp) Spec() graph.Spec {
	s := unaryIn(GeluOp{}, "Gelu", 20, "y = x/2·(1 + erf(x/√2))", 4, -4, 4)
	s.Source = "Hendrycks, Gimpel, \"Gaussian error linear units\", 2016"
	common := s.Cases
	s.Cases = func() []graph.Case {
		inf := float32(math.Inf(1))
		ends := graph.Given(tensor.Of([]float32{-inf, inf, float32(math.NaN())}))
		return append(common(), graph.Case{Name: "infinite", In: []graph.Arg{ends}, Op: GeluOp{}, NoGrad: "it has none"},
			graph.Case{Name: "infinite tanh", In: []graph.Arg{ends}, Op: GeluOp{Approximate: "tanh"}, NoGrad: "it has none"},
			graph.Case{Name: "tanh", Op: GeluOp{Approximate: "tanh"}, In: []graph.Arg{graph.RandIn(-4, 4, 5, 7)}})
	}
	return s
}

// Infer checks Approximate.
func (o GeluOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if a := or(o.Approximate, "none"); a != "none" && a != "tanh" {
		return nil, fmt.Errorf("approximate is %q: want none or tanh", a)
	}
	return o.floatUnary.Infer(in)
}

// sqrt2OverPi and cubic are the constants of the approximation.
const (
	sqrt2OverPi = 0.7978845608028654
	cubic       = 0.044715
)

// Eval is the definition.
func (o GeluOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(mapFloat(in[0], func(x float64) float64 {
		if math.IsInf(x, -1) {
			return 0 // the limit; the formulas give -∞·0
		}
		if o.Approximate == "tanh" {
			return x / 2 * (1 + math.Tanh(sqrt2OverPi*(x+float64(cubic*x*x*x))))
		}
		return x / 2 * math.Erfc(-x/math.Sqrt2)
	}))
}

// Grad is dx = g·(Φ(x) + x·φ(x)), or the derivative of the approximation.
func (o GeluOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	x := in[0]
	c := func(v float64) *graph.Value { return Scalar(x, v) }
	half, one := c(0.5), c(1)
	square := Mul(x, x)
	if o.Approximate == "tanh" {
		u := Mul(c(sqrt2OverPi), Mul(x, Add(one, Mul(c(cubic), square))))
		t := Tanh(u)
		du := Mul(c(sqrt2OverPi), Add(one, Mul(c(3*cubic), square)))
		slope := Mul(half, Add(Add(one, t), Mul(x, Mul(Sub(one, Mul(t, t)), du))))
		return []*graph.Value{Mul(g[0], slope)}
	}
	cdf := Mul(half, Add(one, Erf(Mul(x, c(1/math.Sqrt2)))))
	density := Mul(c(1/math.Sqrt(2*math.Pi)), Exp(Mul(c(-0.5), square)))
	return []*graph.Value{Mul(g[0], Add(cdf, Mul(x, density)))}
}
