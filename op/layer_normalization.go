package op

import (
	"fmt"
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// LayerNormalizationOp normalizes x over the axes from Axis on with their own mean
// and variance, then scales and shifts it. It also gives the mean and 1/√(var + ε),
// in which those axes have extent 1.
type LayerNormalizationOp struct {
	Axis      Opt[int]     `onnx:"axis" default:"-1"`
	Epsilon   Opt[float64] `onnx:"epsilon" default:"1e-05"`
	StashType Opt[int]     `onnx:"stash_type" default:"1"` // the type that others compute the mean in
}

// LayerNormalization normalizes x over the axes from axis on, then scales and shifts
// it; bias may be nil.
func LayerNormalization(x, scale, bias *graph.Value, axis int, epsilon float64) *graph.Value {
	return apply(LayerNormalizationOp{Axis: Set(axis), Epsilon: Set(epsilon)}, x, scale, bias)[0]
}

// Spec describes the operator.
func (o LayerNormalizationOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "LayerNormalization", Since: 17, Formula: "y = (x - mean(x))/√(var(x) + ε)·scale + B over the last axes",
		Source: "Ba, Kiros, Hinton, \"Layer normalization\", 2016",
		Inputs: []string{"X", "Scale", "B?"}, Outputs: []string{"Y", "Mean?", "InvStdDev?"}, ULP: 32,
		FLOPs: func(in, _ []graph.Type) int64 { return 6 * elements(in[0]) },
		Cases: func() []graph.Case {
			r, s := graph.Rand, func(shape ...int) graph.Arg { return graph.RandIn(0.5, 2, shape...) }
			return []graph.Case{
				{Op: LayerNormalizationOp{}, In: []graph.Arg{r(5, 9), s(9), r(9)}},
				{Name: "without bias", Op: LayerNormalizationOp{}, In: []graph.Arg{r(2, 3, 8), s(8)}},
				{Name: "two axes", Op: LayerNormalizationOp{Axis: Set(1)}, In: []graph.Arg{r(3, 4, 5), s(4, 5), r(4, 5)}},
				{Name: "all axes", Op: LayerNormalizationOp{Axis: Set(0), Epsilon: Set(0.1)}, In: []graph.Arg{r(3, 4), s(3, 4), r(4)}},
				{Name: "long", Op: LayerNormalizationOp{}, In: []graph.Arg{r(3, 133), s(133), r(133)}},
				{Name: "large", Op: LayerNormalizationOp{}, In: []graph.Arg{r(150, 129), s(129), r(129)}, NoGrad: large},
				{Name: "no samples", Op: LayerNormalizationOp{}, In: []graph.Arg{r(0, 9), s(9), r(9)}},
			}
		},
	}
}

// Infer gives the type of x, and the statistics twice.
func (o LayerNormalizationOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 3); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	axis, err := axisOf(o.Axis.Or(-1), in[0].Rank())
	if err != nil {
		return nil, err
	}
	for i, name := range []string{"scale", "bias"} {
		if !has(in, 1+i) {
			continue
		}
		if _, err := (ExpandLikeOp{}).Infer([]graph.Type{in[1+i], in[0]}); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	stats := in[0].Shape.Clone()
	for i := axis; i < len(stats); i++ {
		stats[i] = graph.Known(1)
	}
	return []graph.Type{in[0].With(in[0].Shape...), in[0].With(stats...), in[0].With(stats...)}, nil
}

// Eval is the definition.
func (o LayerNormalizationOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	axis, err := axisOf(o.Axis.Or(-1), in[0].Rank())
	if err != nil {
		return nil, err
	}
	axes := axesBetween(axis, in[0].Rank())
	dt, x := in[0].DType(), tensor.Cast(in[0], tensor.Float64)
	mean := tensor.Mean(x, axes, true)
	inv := mapFloat(tensor.Var(x, axes, true), func(v float64) float64 { return 1 / math.Sqrt(v+o.Epsilon.Or(1e-5)) })
	y := tensor.Mul(tensor.Mul(tensor.Sub(x, mean), inv), tensor.Cast(in[1], tensor.Float64))
	if b := arg(in, 2); b != nil {
		y = tensor.Add(y, tensor.Cast(b, tensor.Float64))
	}
	return []*tensor.Tensor{tensor.Cast(y, dt), tensor.Cast(mean, dt), tensor.Cast(inv, dt)}, nil
}

// Grad is LayerNormalizationGrad, or by its formula where the scale or the bias
// broadcasts, plus those of the mean and of inv = 1/√(var + ε).
func (o LayerNormalizationOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	x, mean, inv := in[0], out[1], out[2]
	bias := optional(in, 2)
	axis, _ := axisOf(o.Axis.Or(-1), x.Rank())
	normalized := x.Shape()[axis:]
	d := make([]*graph.Value, 3)
	var terms []*graph.Value
	switch {
	case g[0] == nil:
	case in[1].Shape().Equal(normalized) && (bias == nil || bias.Shape().Equal(normalized)):
		d = apply(LayerNormalizationGradOp{Axis: o.Axis}, g[0], x, in[1], mean, inv)
		terms = append(terms, d[0])
	default:
		axes := axesBetween(axis, x.Rank())
		hat, h := Mul(Sub(x, mean), inv), Mul(g[0], in[1])
		slope := Sub(Sub(h, ReduceMean(h, axes, true)), Mul(hat, ReduceMean(Mul(h, hat), axes, true)))
		terms = append(terms, Mul(inv, slope))
		d[1] = SumLike(Mul(g[0], hat), in[1])
		if bias != nil {
			d[2] = SumLike(g[0], bias)
		}
	}
	n := countPerElement(x, mean)
	if g[1] != nil {
		terms = append(terms, ExpandLike(Div(g[1], n), x))
	}
	if g[2] != nil {
		cube := Mul(inv, Mul(inv, inv))
		terms = append(terms, Neg(Mul(Div(Mul(g[2], cube), n), Sub(x, mean))))
	}
	sum := terms[0]
	for _, t := range terms[1:] {
		sum = Add(sum, t)
	}
	return append([]*graph.Value{sum}, d[1:len(in)]...)
}
