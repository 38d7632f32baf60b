package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// Target says what kind of target a loss learns.
type Target uint8

// The kinds of targets.
const (
	NumberTarget Target = iota // numbers, in the shape of the output
	ClassTarget                // one class of several: int64 [N], the output has a logit per class
	BinaryTarget               // one class of two, or several yes-or-no answers: 0 or 1, in the shape of the output
)

// Loss measures how far a net's output is from its target.
type Loss interface {
	// Each is the loss of each sample: [N], the mean over the sample's
	// elements. The trainer weighs samples and adds them up, so that a partial
	// last batch counts as what it is.
	Each(b *Builder, output, target *graph.Value) *graph.Value
	// Predict turns the net's output into predictions: probabilities for
	// classes, else the output itself.
	Predict(output *graph.Value) *graph.Value
	// Target is the kind of target that the loss learns.
	Target() Target
}

// Losses are the losses of net files by key.
var Losses = map[string]Loss{
	"cross_entropy":        CrossEntropy{},
	"binary_cross_entropy": BinaryCrossEntropy{},
	"mse":                  MSE{},
	"mae":                  MAE{},
	"huber":                Huber{},
}

// CrossEntropy is −log p of the right class, with p the softmax of the output
// along axis 1. The output holds logits: the net has no softmax of its own.
//
// With label smoothing ε over K classes and class weights w, a sample of class c
// gives (1 − ε)·w[c]·(−log p[c]) + ε/K·Σₖ w[k]·(−log p[k]), as PyTorch does for
// each element.
//
// Shapes: output [N, classes, …], target int64 [N, …].
type CrossEntropy struct {
	LabelSmoothing float64   `min:"0" max:"1" exclusive:"max" doc:"share of the target that is spread over all classes"`
	ClassWeights   []float64 `min:"0" doc:"weight of each class in the loss; left out, all 1"`
}

// Target is a class.
func (CrossEntropy) Target() Target { return ClassTarget }

// Predict is the softmax along axis 1.
func (CrossEntropy) Predict(output *graph.Value) *graph.Value { return op.Softmax(output, 1) }

// Each is the loss of each sample.
func (l CrossEntropy) Each(b *Builder, output, target *graph.Value) *graph.Value {
	l = complete(b, l)
	if output.Rank() < 2 || target.Rank() != output.Rank()-1 {
		b.Failf("wants an output [N, classes, …] and a target [N, …], given %v and %v", output.Shape(), target.Shape())
	}
	classes := b.size(output, 1)
	var weights *graph.Value
	if len(l.ClassWeights) > 0 {
		if len(l.ClassWeights) != classes {
			b.Failf("has %d class weights for %d classes", len(l.ClassWeights), classes)
		}
		weights = output.Graph().Constant(tensor.Cast(tensor.Of(l.ClassWeights, classes), output.DType()))
	}
	if output.Rank() > 2 { // the classes become the last axis
		order := []int{0}
		for i := 2; i < output.Rank(); i++ {
			order = append(order, i)
		}
		output = op.Transpose(output, append(order, 1)...)
	}
	return perSample(op.SoftmaxCrossEntropy(output, op.Cast(target, tensor.Int64), weights, l.LabelSmoothing))
}

// BinaryCrossEntropy is −t·log σ(x) − (1 − t)·log(1 − σ(x)) for each logit x and
// its target t in 0…1, computed as t·softplus(−x) + (1 − t)·softplus(x), which
// neither overflows nor cancels. The net has no sigmoid of its own.
//
// Shapes: output [N, …], target of as many elements.
type BinaryCrossEntropy struct{}

// Target is a yes or no.
func (BinaryCrossEntropy) Target() Target { return BinaryTarget }

// Predict is the sigmoid.
func (BinaryCrossEntropy) Predict(output *graph.Value) *graph.Value { return op.Sigmoid(output) }

// Each is the loss of each sample.
func (BinaryCrossEntropy) Each(b *Builder, output, target *graph.Value) *graph.Value {
	t := b.fit(target, output)
	yes := op.Mul(t, op.Softplus(op.Neg(output)))
	no := op.Mul(op.Sub(op.Scalar(t, 1), t), op.Softplus(output))
	return perSample(op.Add(yes, no))
}

// MSE is the mean squared error, (x − t)².
//
// Shapes: output [N, …], target of as many elements.
type MSE struct{}

// Target is a number.
func (MSE) Target() Target { return NumberTarget }

// Predict is the output itself.
func (MSE) Predict(output *graph.Value) *graph.Value { return output }

// Each is the loss of each sample.
func (MSE) Each(b *Builder, output, target *graph.Value) *graph.Value {
	d := op.Sub(output, b.fit(target, output))
	return perSample(op.Mul(d, d))
}

// MAE is the mean absolute error, |x − t|.
//
// Shapes: output [N, …], target of as many elements.
type MAE struct{}

// Target is a number.
func (MAE) Target() Target { return NumberTarget }

// Predict is the output itself.
func (MAE) Predict(output *graph.Value) *graph.Value { return output }

// Each is the loss of each sample.
func (MAE) Each(b *Builder, output, target *graph.Value) *graph.Value {
	return perSample(op.Abs(op.Sub(output, b.fit(target, output))))
}

// Huber is d²/2 for |d| = |x − t| ≤ delta, else delta·(|d| − delta/2): as MSE
// near the target, as MAE far from it (Huber 1964).
//
// Shapes: output [N, …], target of as many elements.
type Huber struct {
	Delta float64 `default:"1" min:"0" exclusive:"min" doc:"distance at which the square ends"`
}

// Target is a number.
func (Huber) Target() Target { return NumberTarget }

// Predict is the output itself.
func (Huber) Predict(output *graph.Value) *graph.Value { return output }

// Each is the loss of each sample.
func (l Huber) Each(b *Builder, output, target *graph.Value) *graph.Value {
	l = complete(b, l)
	d := op.Abs(op.Sub(output, b.fit(target, output)))
	// With near = min(d, δ): near·(d − near/2) is both branches.
	near := op.Min(d, op.Scalar(d, l.Delta))
	return perSample(op.Mul(near, op.Sub(d, b.scale(near, 0.5))))
}

// fit is the target as numbers of the output's type and shape.
func (b *Builder) fit(target, output *graph.Value) *graph.Value {
	if target.DType() != output.DType() {
		target = op.Cast(target, output.DType())
	}
	if target.Shape().Equal(output.Shape()) {
		return target
	}
	if target.Shape().Len() != output.Shape().Len() {
		b.Failf("compares an output %v with a target %v, which has another number of elements", output.Shape(), target.Shape())
	}
	return op.ReshapeLike(target, output)
}

// perSample is the mean over all axes but the batch.
func perSample(x *graph.Value) *graph.Value {
	var axes []int
	for i := 1; i < x.Rank(); i++ {
		axes = append(axes, i)
	}
	if len(axes) == 0 {
		return x
	}
	return op.ReduceMean(x, axes, false)
}
