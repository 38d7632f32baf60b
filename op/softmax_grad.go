package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SoftmaxGradOp is the gradient of Softmax, given that with respect to its result,
// and the result y.
type SoftmaxGradOp SoftmaxOp

// Spec describes the operator.
func (o SoftmaxGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "SoftmaxGrad", Domain: ember, Formula: "dx = y·(g - Σ g·y along axis)", Source: "the derivative of Softmax",
		Inputs: []string{"g", "y"}, Outputs: []string{"dx"}, ULP: 32,
		Cases: func() []graph.Case {
			return softmaxGradCases(0, 1, func(o SoftmaxOp) graph.Op { return SoftmaxGradOp(o) })
		},
		FLOPs: func(in, _ []graph.Type) int64 { return 4 * elements(in[0]) },
	}
}

// softmaxGradCases are those of the gradients of Softmax and LogSoftmax, of results
// between lo and hi.
func softmaxGradCases(lo, hi float64, of func(o SoftmaxOp) graph.Op) []graph.Case {
	var cases []graph.Case
	for _, c := range softmaxCases(SoftmaxOp{}, SoftmaxOp{Axis: Set(0)}, SoftmaxOp{Axis: Set(1)}) {
		if c.Name == "large values" {
			continue
		}
		g, y := c.In[0], c.In[0]
		g.Lo, g.Hi, y.Lo, y.Hi = -1, 1, lo, hi
		c.Op, c.In = of(c.Op.(SoftmaxOp)), []graph.Arg{g, y}
		cases = append(cases, c)
	}
	return cases
}

// Infer gives the type of the result.
func (o SoftmaxGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
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
func (o SoftmaxGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	g, y, axes := tensor.Cast(in[0], tensor.Float64), tensor.Cast(in[1], tensor.Float64), []int{o.Axis.Or(-1)}
	dx := tensor.Mul(y, tensor.Sub(g, tensor.Sum(tensor.Mul(g, y), axes, true)))
	return one(tensor.Cast(dx, in[1].DType()))
}

// Grad differentiates the formula by its parts.
func (o SoftmaxGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return gradByParts(in, g, func(in []*graph.Value) []*graph.Value {
		g, y, axes := in[0], in[1], []int{o.Axis.Or(-1)}
		return []*graph.Value{Mul(y, Sub(g, ReduceSum(Mul(g, y), axes, true)))}
	})
}
