package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// RMSNormalizationGradOp is the gradient of RMSNormalization with respect to X and
// scale, which has the extents of the normalized axes, given that with respect to Y.
type RMSNormalizationGradOp RMSNormalizationOp

// Spec describes the operator.
func (o RMSNormalizationGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "RMSNormalizationGrad", Domain: ember,
		Formula: "dX = inv·(h - x̂·mean(h·x̂)); dscale = Σ g·x̂, x̂ = X·inv, h = g·scale",
		Source:  "Zhang, Sennrich, \"Root mean square layer normalization\", 2019",
		Inputs:  []string{"g", "X", "scale"}, Outputs: []string{"dX", "dscale"}, ULP: 64,
		FLOPs: func(in, _ []graph.Type) int64 { return 12 * elements(in[0]) },
		Cases: func() []graph.Case {
			return rmsCases(func(o RMSNormalizationOp, in ...graph.Arg) (graph.Op, []graph.Arg) {
				return RMSNormalizationGradOp(o), in
			})
		},
	}
}

// Infer gives the types of X and scale.
func (o RMSNormalizationGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], in[1].Shape); err != nil {
		return nil, err
	}
	out, err := RMSNormalizationOp(o).Infer(in[1:])
	if err != nil {
		return nil, err
	}
	axis, _ := axisOf(o.Axis.Or(-1), in[1].Rank())
	if err := wantShape("scale", in[2], in[1].Shape[axis:]); err != nil {
		return nil, err
	}
	return append(out, in[2].With(in[2].Shape...)), nil
}

// Eval is the definition.
func (o RMSNormalizationGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	inv, err := RMSNormalizationOp(o).inverse(in[1])
	if err != nil {
		return nil, err
	}
	axis, _ := axisOf(o.Axis.Or(-1), in[1].Rank())
	g, hat := tensor.Cast(in[0], tensor.Float64), tensor.Mul(tensor.Cast(in[1], tensor.Float64), inv)
	h := tensor.Mul(g, tensor.Cast(in[2], tensor.Float64))
	slope := tensor.Mul(hat, tensor.Mean(tensor.Mul(h, hat), axesBetween(axis, in[1].Rank()), true))
	dx := tensor.Mul(inv, tensor.Sub(h, slope))
	dscale := tensor.Sum(tensor.Mul(g, hat), axesBetween(0, axis), false)
	return []*tensor.Tensor{tensor.Cast(dx, in[1].DType()), tensor.Cast(dscale, in[1].DType())}, nil
}

// Grad differentiates the formula by its parts.
func (o RMSNormalizationGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return gradByParts(in, g, func(in []*graph.Value) []*graph.Value {
		axis, _ := axisOf(o.Axis.Or(-1), in[1].Rank())
		hat, inv := RMSNormalizationOp(o).normalized(in[1])
		h := Mul(in[0], in[2])
		slope := Mul(hat, ReduceMean(Mul(h, hat), axesBetween(axis, in[1].Rank()), true))
		return []*graph.Value{Mul(inv, Sub(h, slope)), SumLike(Mul(in[0], hat), in[2])}
	})
}
