package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// LayerNormalizationGradOp is the gradient of LayerNormalization with respect to X,
// Scale and B, which have the extents of the normalized axes, given that with
// respect to Y, and the mean and 1/√(var + ε) of X. Those count as constants.
type LayerNormalizationGradOp struct {
	Axis Opt[int] `onnx:"axis" default:"-1"`
}

// Spec describes the operator.
func (o LayerNormalizationGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "LayerNormalizationGrad", Domain: ember,
		Formula: "dX = inv·(h - mean(h) - x̂·mean(h·x̂)); dScale = Σ g·x̂; dB = Σ g, x̂ = (X - mean)·inv, h = g·Scale",
		Source:  "Ba, Kiros, Hinton, \"Layer normalization\", 2016",
		Inputs:  []string{"g", "X", "Scale", "Mean", "InvStdDev"}, Outputs: []string{"dX", "dScale", "dB"}, ULP: 64,
		FLOPs: func(in, _ []graph.Type) int64 { return 12 * elements(in[0]) },
		Cases: func() []graph.Case {
			r, s := graph.Rand, func(shape ...int) graph.Arg { return graph.RandIn(0.5, 2, shape...) }
			first := LayerNormalizationGradOp{Axis: Set(1)}
			return []graph.Case{
				{Op: o, In: []graph.Arg{r(5, 9), r(5, 9), s(9), r(5, 1), s(5, 1)}},
				{Name: "two axes", Op: first, In: []graph.Arg{r(3, 4, 5), r(3, 4, 5), s(4, 5), r(3, 1, 1), s(3, 1, 1)}},
				{Name: "short", Op: o, In: []graph.Arg{r(4, 2, 3), r(4, 2, 3), s(3), r(4, 2, 1), s(4, 2, 1)}},
				{Name: "many rows", Op: o, In: []graph.Arg{r(150, 33), r(150, 33), s(33), r(150, 1), s(150, 1)}, NoGrad: large},
				{Name: "large", Op: o, In: []graph.Arg{r(150, 129), r(150, 129), s(129), r(150, 1), s(150, 1)}, NoGrad: large},
				{Name: "no samples", Op: o, In: []graph.Arg{r(0, 9), r(0, 9), s(9), r(0, 1), s(0, 1)}},
			}
		},
	}
}

// Infer gives the types of X and, twice, of Scale.
func (o LayerNormalizationGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 5, 5); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], in[1].Shape); err != nil {
		return nil, err
	}
	forward, err := LayerNormalizationOp{Axis: o.Axis}.Infer(in[1:3])
	if err != nil {
		return nil, err
	}
	axis, _ := axisOf(o.Axis.Or(-1), in[1].Rank())
	if err := wantShape("scale", in[2], in[1].Shape[axis:]); err != nil {
		return nil, err
	}
	for i, name := range []string{"the mean", "the inverse deviation"} {
		if err := wantShape(name, in[3+i], forward[1+i].Shape); err != nil {
			return nil, err
		}
	}
	scale := in[2].With(in[2].Shape...)
	return []graph.Type{forward[0], scale, scale}, nil
}

// Eval is the definition.
func (o LayerNormalizationGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	axis, err := axisOf(o.Axis.Or(-1), in[1].Rank())
	if err != nil {
		return nil, err
	}
	wide := make([]*tensor.Tensor, len(in))
	for i, t := range in {
		wide[i] = tensor.Cast(t, tensor.Float64)
	}
	g, x, scale, mean, inv := wide[0], wide[1], wide[2], wide[3], wide[4]
	axes, samples := axesBetween(axis, x.Rank()), axesBetween(0, axis)
	hat, h := tensor.Mul(tensor.Sub(x, mean), inv), tensor.Mul(g, scale)
	slope := tensor.Mul(hat, tensor.Mean(tensor.Mul(h, hat), axes, true))
	out := []*tensor.Tensor{
		tensor.Mul(inv, tensor.Sub(tensor.Sub(h, tensor.Mean(h, axes, true)), slope)),
		tensor.Sum(tensor.Mul(g, hat), samples, false), tensor.Sum(g, samples, false),
	}
	for i, t := range out {
		out[i] = tensor.Cast(t, in[1].DType())
	}
	return out, nil
}

// axesBetween are the axes from one to in front of another.
func axesBetween(from, to int) []int {
	axes := []int{}
	for a := from; a < to; a++ {
		axes = append(axes, a)
	}
	return axes
}

// Grad differentiates the formula by its parts.
func (o LayerNormalizationGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return gradByParts(in, g, func(in []*graph.Value) []*graph.Value {
		g, x, scale, mean, inv := in[0], in[1], in[2], in[3], in[4]
		axis, _ := axisOf(o.Axis.Or(-1), x.Rank())
		axes := axesBetween(axis, x.Rank())
		hat, h := Mul(Sub(x, mean), inv), Mul(g, scale)
		slope := Sub(Sub(h, ReduceMean(h, axes, true)), Mul(hat, ReduceMean(Mul(h, hat), axes, true)))
		return []*graph.Value{Mul(inv, slope), SumLike(Mul(g, hat), scale), SumLike(g, scale)}
	})
}
