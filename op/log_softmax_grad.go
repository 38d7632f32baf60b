package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// LogSoftmaxGradOp is the gradient of LogSoftmax, given that with respect to its result,
// and the result y.
type LogSoftmaxGradOp LogSoftmaxOp

// Spec describes the operator.
func (o LogSoftmaxGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "LogSoftmaxGrad", Domain: ember, Formula: "dx = g - e^y·Σ g along axis", Source: "the derivative of LogSoftmax",
		Inputs: []string{"g", "y"}, Outputs: []string{"dx"}, ULP: 32,
		Cases: func() []graph.Case {
			return softmaxGradCases(-4, 0, func(o SoftmaxOp) graph.Op { return LogSoftmaxGradOp(o) })
		},
		FLOPs: func(in, _ []graph.Type) int64 { return 4 * elements(in[0]) },
	}
}

// Infer gives the type of the result.
func (o LogSoftmaxGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], in[1].Shape); err != nil {
		return nil, err
	}
	return SoftmaxOp(o).Infer(in[1:])
}

// Eval is the definition.
func (o LogSoftmaxGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	g, y, axes := tensor.Cast(in[0], tensor.Float64), tensor.Cast(in[1], tensor.Float64), []int{o.Axis.Or(-1)}
	dx := tensor.Sub(g, tensor.Mul(mapFloat(y, math.Exp), tensor.Sum(g, axes, true)))
	return one(tensor.Cast(dx, in[1].DType()))
}

// Grad differentiates the formula by its parts.
func (o LogSoftmaxGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return gradByParts(in, g, func(in []*graph.Value) []*graph.Value {
		g, y, axes := in[0], in[1], []int{o.Axis.Or(-1)}
		return []*graph.Value{Sub(g, Mul(Exp(y), ReduceSum(g, axes, true)))}
	})
}
