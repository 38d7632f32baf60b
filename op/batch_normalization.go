package op

import (
	"fmt"
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// BatchNormalizationOp normalizes each channel of x, [N, C, …], with a given mean
// and variance. It is the form of inference; training uses [BatchNormTrainOp].
type BatchNormalizationOp struct {
	Epsilon      Opt[float64] `onnx:"epsilon" default:"1e-05"`
	Momentum     Opt[float64] `onnx:"momentum" default:"0.9"` // matters in training only
	TrainingMode bool         `onnx:"training_mode"`
}

// BatchNormalization normalizes each channel of x with the mean and variance given
// per channel, then scales and shifts it.
func BatchNormalization(x, scale, bias, mean, variance *graph.Value, epsilon float64) *graph.Value {
	return apply1(BatchNormalizationOp{Epsilon: Set(epsilon)}, x, scale, bias, mean, variance)
}

// Spec describes the operator.
func (o BatchNormalizationOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "BatchNormalization", Since: 15, Formula: "y = (x - mean)/√(var + ε)·scale + B",
		Source: "Ioffe, Szegedy, \"Batch normalization\", 2015",
		Inputs: []string{"X", "scale", "B", "input_mean", "input_var"}, Outputs: []string{"Y"}, ULP: 8,
		FLOPs: func(in, _ []graph.Type) int64 { return 2 * elements(in[0]) },
		Cases: func() []graph.Case {
			args := func(shape ...int) []graph.Arg {
				c := shape[1]
				return []graph.Arg{graph.Rand(shape...), graph.RandIn(0.5, 2, c), graph.Rand(c), graph.Rand(c), graph.RandIn(0.5, 2, c)}
			}
			return []graph.Case{
				{Op: BatchNormalizationOp{}, In: args(2, 3, 4, 5)},
				{Name: "matrix", Op: BatchNormalizationOp{}, In: args(5, 7)},
				{Name: "epsilon", Op: BatchNormalizationOp{Epsilon: Set(0.1)}, In: args(2, 3, 7)},
				{Name: "no samples", Op: BatchNormalizationOp{}, In: args(0, 3, 4, 5)},
			}
		},
	}
}

// Upgrade accepts the older forms of inference, normalized per channel.
func (BatchNormalizationOp) Upgrade(n *OldNode) error {
	if err := n.drop("is_test", 1); err != nil {
		return err
	}
	return n.drop("spatial", 1)
}

// Infer keeps the type of x.
func (o BatchNormalizationOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if o.TrainingMode {
		return nil, fmt.Errorf("training_mode is 1: export the model for inference")
	}
	if err := expect(in, 5, 5); err != nil {
		return nil, err
	}
	if err := wantChannels(in, "scale", "B", "input_mean", "input_var"); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[0].Shape...))
}

// wantChannels checks that in[0] is [N, C, …] and that the named inputs that follow
// have one number per channel.
func wantChannels(in []graph.Type, names ...string) error {
	if err := sameDType(in...); err != nil {
		return err
	}
	if err := wantFloat(in[0]); err != nil {
		return err
	}
	if in[0].Rank() < 2 {
		return fmt.Errorf("expects an input of shape [samples channels …], given %v", in[0].Shape)
	}
	for i, name := range names {
		if t := in[1+i]; t.Rank() != 1 || differ(t.Shape[0], in[0].Shape[1]) {
			return fmt.Errorf("%s must have the shape [%v], one number per channel, but has %v", name, in[0].Shape[1], t.Shape)
		}
	}
	return nil
}

// Eval is the definition.
func (o BatchNormalizationOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	xs := in[0].Shape()
	y := tensor.Float64s(in[0])
	scale, bias, mean, variance := tensor.Float64s(in[1]), tensor.Float64s(in[2]), tensor.Float64s(in[3]), tensor.Float64s(in[4])
	inner := xs[2:].Len()
	for i, v := range y {
		c := i / inner % xs[1]
		y[i] = (v-mean[c])/math.Sqrt(variance[c]+o.Epsilon.Or(1e-5))*scale[c] + bias[c]
	}
	return one(ofFloats(in[0].DType(), y, xs))
}

// Grad differentiates the formula.
func (o BatchNormalizationOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	x, rank := in[0], in[0].Rank()
	scale := channelwise(in[1], rank)
	centered := Sub(x, channelwise(in[3], rank))
	inv := Reciprocal(Sqrt(Add(in[4], Scalar(x, o.Epsilon.Or(1e-5)))))
	slope := Mul(in[1], inv)
	d := make([]*graph.Value, 5)
	if needsGrad(x) {
		d[0] = Mul(g[0], Mul(scale, channelwise(inv, rank)))
	}
	sum, weighted := sumPerChannel(g[0]), sumPerChannel(Mul(g[0], centered))
	d[1] = Mul(weighted, inv)
	d[2] = sum
	if needsGrad(in[3]) {
		d[3] = Neg(Mul(sum, slope))
	}
	if needsGrad(in[4]) {
		d[4] = Mul(Mul(weighted, slope), Mul(Scalar(x, -0.5), Mul(inv, inv)))
	}
	return d
}
