package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// BatchNormTrainGradOp is the gradient of BatchNormTrain with respect to x, scale and
// bias, given that with respect to y, and the mean and variance of x.
type BatchNormTrainGradOp BatchNormTrainOp

// Spec describes the operator.
func (o BatchNormTrainGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "BatchNormTrainGrad", Domain: ember,
		Formula: "dbias = Σ g; dscale = Σ g·x̂; dx = scale/√(var + ε)·(g - dbias/n - x̂·dscale/n), x̂ = (x - mean)/√(var + ε)",
		Source:  "Ioffe, Szegedy, \"Batch normalization\", 2015, section 3",
		Inputs:  []string{"g", "x", "scale", "mean", "var"}, Outputs: []string{"dx", "dscale", "dbias"}, ULP: 64,
		FLOPs: func(in, _ []graph.Type) int64 { return 8 * elements(in[0]) },
		Cases: func() []graph.Case {
			return batchNormCases(func(shape []int) (graph.Op, []graph.Arg) {
				c := shape[1]
				x := graph.Rand(shape...)
				return BatchNormTrainGradOp{}, []graph.Arg{x, x, graph.RandIn(0.5, 2, c), graph.RandIn(-0.1, 0.1, c), graph.RandIn(0.3, 0.4, c)}
			})
		},
	}
}

// Infer gives the types of x, scale and bias.
func (o BatchNormTrainGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 5, 5); err != nil {
		return nil, err
	}
	if err := wantChannels(in[1:], "scale", "mean", "var"); err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], in[1].Shape); err != nil {
		return nil, err
	}
	channel := in[1].With(in[1].Shape[1])
	return []graph.Type{in[1].With(in[1].Shape...), channel, channel}, nil
}

// Eval is the definition.
func (o BatchNormTrainGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	xs := in[1].Shape()
	g, x := tensor.Float64s(in[0]), tensor.Float64s(in[1])
	scale, mean, variance := tensor.Float64s(in[2]), tensor.Float64s(in[3]), tensor.Float64s(in[4])
	inner, channels := xs[2:].Len(), xs[1]
	n := float64(len(x) / max(channels, 1))
	inv, dscale, dbias := make([]float64, channels), make([]float64, channels), make([]float64, channels)
	for c, v := range variance {
		inv[c] = 1 / math.Sqrt(v+o.Epsilon.Or(1e-5))
	}
	for i, v := range g {
		c := i / inner % channels
		dbias[c] += v
		dscale[c] += float64(v * (x[i] - mean[c]) * inv[c])
	}
	dx := make([]float64, len(x))
	for i, v := range g {
		c := i / inner % channels
		hat := (x[i] - mean[c]) * inv[c]
		dx[i] = scale[c] * inv[c] * (v - dbias[c]/n - float64(hat*dscale[c])/n)
	}
	dt := in[1].DType()
	vector := tensor.Shape{channels}
	return []*tensor.Tensor{ofFloats(dt, dx, xs), ofFloats(dt, dscale, vector), ofFloats(dt, dbias, vector)}, nil
}

// Grad differentiates the formula by its parts; mean and variance count as inputs
// of their own.
func (o BatchNormTrainGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return gradByParts(in, g, func(in []*graph.Value) []*graph.Value {
		dy, x := in[0], in[1]
		rank := x.Rank()
		inv := Reciprocal(Sqrt(Add(in[4], Scalar(x, o.Epsilon.Or(1e-5)))))
		hat := Mul(Sub(x, channelwise(in[3], rank)), channelwise(inv, rank))
		dscale, dbias := sumPerChannel(Mul(dy, hat)), sumPerChannel(dy)
		n := countPerElement(x, inv)
		mean := Add(channelwise(Div(dbias, n), rank), Mul(hat, channelwise(Div(dscale, n), rank)))
		dx := Mul(channelwise(Mul(in[2], inv), rank), Sub(dy, mean))
		return []*graph.Value{dx, dscale, dbias}
	})
}
