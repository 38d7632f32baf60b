package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// InstanceNormalizationOp normalizes each channel of each sample of x, [N, C, …],
// with its own mean and variance, then scales and shifts each channel.
type InstanceNormalizationOp struct {
	Epsilon Opt[float64] `onnx:"epsilon" default:"1e-05"`
}

// InstanceNormalization normalizes each channel of each sample of x, then scales and
// shifts each channel.
func InstanceNormalization(x, scale, bias *graph.Value, epsilon float64) *graph.Value {
	return apply1(InstanceNormalizationOp{Epsilon: Set(epsilon)}, x, scale, bias)
}

// Spec describes the operator.
func (o InstanceNormalizationOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "InstanceNormalization", Since: 6, Formula: "y = (x - mean(x))/√(var(x) + ε)·scale + B, per sample and channel",
		Source: "Ulyanov, Vedaldi, Lempitsky, \"Instance normalization\", 2016",
		Inputs: []string{"input", "scale", "B"}, Outputs: []string{"output"}, ULP: 32,
		FLOPs: func(in, _ []graph.Type) int64 { return 6 * elements(in[0]) },
		Cases: func() []graph.Case {
			args := func(shape ...int) []graph.Arg {
				return []graph.Arg{graph.Rand(shape...), graph.RandIn(0.5, 2, shape[1]), graph.Rand(shape[1])}
			}
			return []graph.Case{
				{Op: InstanceNormalizationOp{}, In: args(2, 3, 4, 5)},
				{Name: "one axis", Op: InstanceNormalizationOp{Epsilon: Set(0.1)}, In: args(2, 3, 7)},
				{Name: "no samples", Op: InstanceNormalizationOp{}, In: args(0, 3, 4)},
			}
		},
	}
}

// Infer keeps the type of x.
func (o InstanceNormalizationOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	if err := wantSpatial(in[0]); err != nil {
		return nil, err
	}
	if err := wantChannels(in, "scale", "B"); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[0].Shape...))
}

// Eval is the definition.
func (o InstanceNormalizationOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	x := tensor.Cast(in[0], tensor.Float64)
	axes := spatialAxes(x.Rank())
	wide := func(t *tensor.Tensor) *tensor.Tensor {
		shape := append(tensor.Shape{t.Len()}, make(tensor.Shape, len(axes))...)
		for i := range axes {
			shape[1+i] = 1
		}
		return tensor.Cast(t, tensor.Float64).Reshape(shape...)
	}
	inv := mapFloat(tensor.Var(x, axes, true), func(v float64) float64 { return 1 / math.Sqrt(v+o.Epsilon.Or(1e-5)) })
	hat := tensor.Mul(tensor.Sub(x, tensor.Mean(x, axes, true)), inv)
	return one(tensor.Cast(tensor.Add(tensor.Mul(hat, wide(in[1])), wide(in[2])), in[0].DType()))
}

// Grad differentiates the formula by its parts.
func (o InstanceNormalizationOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return gradByParts(in, g, func(in []*graph.Value) []*graph.Value {
		x := in[0]
		axes := spatialAxes(x.Rank())
		centered := Sub(x, ReduceMean(x, axes, true))
		variance := ReduceMean(Mul(centered, centered), axes, true)
		hat := Div(centered, Sqrt(Add(variance, Scalar(x, o.Epsilon.Or(1e-5)))))
		return []*graph.Value{Add(Mul(hat, channelwise(in[1], x.Rank())), channelwise(in[2], x.Rank()))}
	})
}
