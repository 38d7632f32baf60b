package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ModOp is C = A mod B with broadcasting: the sign is B's, or with FMod A's, as
// in C. Floating-point numbers need FMod.
type ModOp struct {
	numberBinary
	FMod bool `onnx:"fmod"`
}

// Mod is a mod b: for integers with the sign of b, for floating-point numbers
// with the sign of a.
func Mod(a, b *graph.Value) *graph.Value {
	return apply1(ModOp{FMod: a.DType().IsFloat()}, a, b)
}

// Spec describes the operator.
func (o ModOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Mod", Since: 13, Formula: "C = A - B·⌊A/B⌋, or with fmod A - B·trunc(A/B)", Source: standard,
		Inputs: []string{"A", "B"}, Outputs: []string{"C"},
		Cases: func() []graph.Case {
			ints := func(lo, hi float64, shape ...int) graph.Arg {
				return graph.Arg{DType: tensor.Int64, Lo: lo, Hi: hi, Shape: shape}
			}
			return []graph.Case{
				{Op: ModOp{}, In: []graph.Arg{ints(-20, 20, 4, 5), ints(1, 7, 5)}},
				{Name: "negative divisor", Op: ModOp{}, In: []graph.Arg{ints(-20, 20, 4, 5), ints(-7, -1, 5)}},
				{Name: "fmod integers", Op: ModOp{FMod: true}, In: []graph.Arg{ints(-20, 20, 4, 5), ints(1, 7, 4, 1)}},
				{Name: "fmod", Op: ModOp{FMod: true}, In: []graph.Arg{graph.RandIn(2.1, 2.9, 4, 5), graph.RandIn(0.8, 1, 5)}},
			}
		},
	}
}

// Eval is the definition.
func (o ModOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if o.FMod {
		return one(tensor.Fmod(in[0], in[1]))
	}
	return one(tensor.Mod(in[0], in[1]))
}

// Grad is dA = g, dB = -g·(A-C)/B.
func (ModOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	d := []*graph.Value{SumLike(g[0], in[0]), nil}
	if needsGrad(in[1]) {
		whole := Round(Div(Sub(in[0], out[0]), in[1]))
		d[1] = SumLike(Neg(Mul(g[0], whole)), in[1])
	}
	return d
}
