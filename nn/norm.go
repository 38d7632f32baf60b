package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// BatchNorm normalizes each channel (axis 1) over the batch and all other axes:
// y = (x − mean)/√(var + epsilon)·weight + bias (Ioffe and Szegedy 2015).
//
// While training, mean and var are those of the batch (var divided by the
// count n), and the running ones move: r ← (1 − momentum)·r + momentum·batch,
// with var divided by n − 1, as PyTorch does. They stay where n is 1, in a last
// batch of one sample, say, which tells of no spread. Predicting uses the running
// ones.
// Note that momentum is the share of the new batch; Keras and ONNX call one
// minus it by that name.
//
// Shapes: x and y are [N, channels, …]. Parameters: weight and bias
// [channels]; states: running_mean and running_var [channels].
type BatchNorm struct {
	Momentum float64 `default:"0.1" min:"0" max:"1" doc:"share of the new batch in the running statistics"`
	Epsilon  float64 `default:"1e-5" min:"0" doc:"added to the variance"`
}

// Build adds the layer to the graph.
func (l BatchNorm) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	if x.Rank() < 2 {
		b.Failf("wants [N, channels, …], given %v", x.Shape())
	}
	channels := b.size(x, 1)
	weight, bias := b.Param("weight", "ones", channels), b.Param("bias", "zeros", channels)
	mean, variance := b.State("running_mean", "zeros", channels), b.State("running_var", "ones", channels)
	if !b.Train || b.frozen(mean.Name()) {
		return op.BatchNormalization(x, weight, bias, mean, variance, l.Epsilon)
	}
	y, batchMean, batchVar := op.BatchNormTrain(x, weight, bias, l.Epsilon)
	one := op.Scalar(x, 1)
	count := op.Div(op.Cast(op.Size(x), x.DType()), op.Scalar(x, float64(channels)))
	spread := op.Greater(count, one)
	unbiased := op.Mul(batchVar, op.Div(count, op.Max(op.Sub(count, one), one))) // 0 rather than 0·1/0
	follow := func(state, batch *graph.Value) {
		moved := op.Add(b.scale(state, 1-l.Momentum), b.scale(batch, l.Momentum))
		b.Update(state, op.Where(spread, moved, state))
	}
	follow(mean, batchMean)
	follow(variance, unbiased)
	return y
}

// LayerNorm normalizes each sample over the axes from Axis to the last:
// y = (x − mean)/√(var + epsilon)·weight + bias (Ba et al. 2016).
//
// Shapes: x and y are [N, …]. Parameters: weight and bias of the shape of
// the normalized axes.
type LayerNorm struct {
	Axis    int     `default:"-1" doc:"first of the normalized axes; the batch is axis 0, negative ones count from the end"`
	Epsilon float64 `default:"1e-5" min:"0" doc:"added to the variance"`
}

// Build adds the layer to the graph.
func (l LayerNorm) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	shape := b.sizesFrom(x, l.Axis)
	weight, bias := b.Param("weight", "ones", shape...), b.Param("bias", "zeros", shape...)
	return op.LayerNormalization(x, weight, bias, l.Axis, l.Epsilon)
}

// RMSNorm divides each sample by the root of its mean square over the axes from Axis
// to the last: y = x/√(mean(x²) + epsilon)·weight (Zhang and Sennrich 2019).
//
// Shapes: x and y are [N, …]. Parameters: weight of the shape of the normalized
// axes.
type RMSNorm struct {
	Axis    int     `default:"-1" doc:"first of the normalized axes; the batch is axis 0, negative ones count from the end"`
	Epsilon float64 `default:"1e-6" min:"0" doc:"added to the mean square"`
}

// Build adds the layer to the graph.
func (l RMSNorm) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	x := b.One(in)
	return op.RMSNormalization(x, b.Param("weight", "ones", b.sizesFrom(x, l.Axis)...), l.Axis, l.Epsilon)
}

// sizesFrom are those of the axes from the given one to the last.
func (b *Builder) sizesFrom(x *graph.Value, axis int) []int {
	var shape []int
	for i := b.axis(x, axis); i < x.Rank(); i++ {
		shape = append(shape, b.size(x, i))
	}
	return shape
}
