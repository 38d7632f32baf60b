package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// BatchNormTrainOp normalizes each channel of x, [N, C, …], with its own mean and
// variance, then scales and shifts it. It also gives the mean and the variance
// (the biased one, divided by the number of elements), from which running averages
// are made.
type BatchNormTrainOp struct {
	Epsilon Opt[float64] `onnx:"epsilon" default:"1e-05"`
}

// BatchNormTrain normalizes each channel of x with its own mean and variance, then
// scales and shifts it; it also gives the mean and the biased variance.
func BatchNormTrain(x, scale, bias *graph.Value, epsilon float64) (y, mean, variance *graph.Value) {
	out := apply(BatchNormTrainOp{Epsilon: Set(epsilon)}, x, scale, bias)
	return out[0], out[1], out[2]
}

// Spec describes the operator.
func (o BatchNormTrainOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "BatchNormTrain", Domain: ember, Formula: "y = (x - mean(x))/√(var(x) + ε)·scale + bias, per channel",
		Source: "Ioffe, Szegedy, \"Batch normalization\", 2015",
		Inputs: []string{"x", "scale", "bias"}, Outputs: []string{"y", "mean", "var"}, ULP: 32,
		FLOPs: func(in, _ []graph.Type) int64 { return 6 * elements(in[0]) },
		Cases: func() []graph.Case {
			return batchNormCases(func(shape []int) (graph.Op, []graph.Arg) {
				c := shape[1]
				return BatchNormTrainOp{}, []graph.Arg{graph.Rand(shape...), graph.RandIn(0.5, 2, c), graph.Rand(c)}
			})
		},
	}
}

// batchNormCases makes the cases of BatchNormTrain and its gradient from the shape
// of x.
func batchNormCases(arg func(shape []int) (graph.Op, []graph.Arg)) []graph.Case {
	var cases []graph.Case
	for _, c := range []struct {
		name  string
		shape []int
	}{{"", []int{3, 2, 4, 5}}, {"matrix", []int{9, 7}}, {"one axis", []int{4, 3, 5}}, {"many", []int{8, 5, 7, 7}}, {"large", []int{8, 17, 14, 14}}} {
		o, in := arg(c.shape)
		g := graph.Case{Name: c.name, Op: o, In: in}
		if c.name == "large" {
			g.NoGrad = large
		}
		cases = append(cases, g)
	}
	return cases
}

// Infer gives the type of x and one number per channel twice.
func (o BatchNormTrainOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	if err := wantChannels(in, "scale", "bias"); err != nil {
		return nil, err
	}
	channel := in[0].With(in[0].Shape[1])
	return []graph.Type{in[0].With(in[0].Shape...), channel, channel}, nil
}

// Eval is the definition.
func (o BatchNormTrainOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	x := tensor.Cast(in[0], tensor.Float64)
	axes := append([]int{0}, spatialAxes(x.Rank())...)
	mean, variance := tensor.Mean(x, axes, false), tensor.Var(x, axes, false)
	dt := in[0].DType()
	wide := func(t *tensor.Tensor) *tensor.Tensor { return tensor.Cast(t, tensor.Float64) }
	y, err := BatchNormalizationOp{Epsilon: o.Epsilon}.Eval([]*tensor.Tensor{x, wide(in[1]), wide(in[2]), mean, variance})
	if err != nil {
		return nil, err
	}
	return []*tensor.Tensor{tensor.Cast(y[0], dt), tensor.Cast(mean, dt), tensor.Cast(variance, dt)}, nil
}

// Grad is that of y, by BatchNormTrainGrad, plus those of the mean, g/n, and of the
// variance, 2·g·(x - mean)/n.
func (o BatchNormTrainOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	x, mean := in[0], out[1]
	d := make([]*graph.Value, 3)
	if g[0] != nil {
		copy(d, apply(BatchNormTrainGradOp(o), g[0], x, in[1], mean, out[2]))
	}
	n := countPerElement(x, mean)
	more := func(term *graph.Value) {
		if d[0] != nil {
			term = Add(d[0], term)
		}
		d[0] = term
	}
	if g[1] != nil {
		more(ExpandLike(channelwise(Div(g[1], n), x.Rank()), x))
	}
	if g[2] != nil {
		slope := channelwise(Div(Mul(g[2], Scalar(x, 2)), n), x.Rank())
		more(Mul(slope, Sub(x, channelwise(mean, x.Rank()))))
	}
	return d
}
