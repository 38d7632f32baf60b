package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SoftmaxCrossEntropyGradOp is the gradient of SoftmaxCrossEntropy with respect to x,
// given that with respect to the loss.
type SoftmaxCrossEntropyGradOp SoftmaxCrossEntropyOp

// Spec describes the operator.
func (o SoftmaxCrossEntropyGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "SoftmaxCrossEntropyGrad", Domain: ember,
		Formula: "dx = g·(softmax(x)·Σ s - s), s the share of each class in the target", Source: "the derivative of SoftmaxCrossEntropy",
		Inputs: []string{"g", "x", "target", "weight?"}, Outputs: []string{"dx"}, ULP: 64,
		FLOPs: func(in, _ []graph.Type) int64 { return 6 * elements(in[1]) },
		Cases: func() []graph.Case {
			return crossEntropyCases(func(o SoftmaxCrossEntropyOp, in ...graph.Arg) (graph.Op, []graph.Arg) {
				return SoftmaxCrossEntropyGradOp(o), in
			})
		},
	}
}

// Infer gives the type of x.
func (o SoftmaxCrossEntropyGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 4); err != nil {
		return nil, err
	}
	out, err := SoftmaxCrossEntropyOp(o).Infer(in[1:])
	if err != nil {
		return nil, err
	}
	if err := sameDType(in[0], in[1]); err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], out[0].Shape); err != nil {
		return nil, err
	}
	return oneType(in[1].With(in[1].Shape...))
}

// Eval is the definition.
func (o SoftmaxCrossEntropyGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	g, dx := tensor.Float64s(in[0]), make([]float64, 0, in[1].Len())
	err := SoftmaxCrossEntropyOp(o).each(in[1], in[2], arg(in, 3), func(i int, r crossEntropyRow) {
		sum := 0.0
		for _, s := range r.share {
			sum += s
		}
		for k, s := range r.share {
			dx = append(dx, g[i]*(float64(sum*math.Exp(r.logP[k]))-s))
		}
	})
	if err != nil {
		return nil, err
	}
	return one(ofFloats(in[1].DType(), dx, in[1].Shape()))
}

// Grad differentiates the formula by its parts.
func (o SoftmaxCrossEntropyGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return gradByParts(in, g, func(in []*graph.Value) []*graph.Value {
		share := SoftmaxCrossEntropyOp(o).share(in[1], in[2], optional(in, 3))
		slope := Sub(Mul(Softmax(in[1], -1), ReduceSum(share, []int{-1}, true)), share)
		return []*graph.Value{Mul(Unsqueeze(in[0], -1), slope)}
	})
}
