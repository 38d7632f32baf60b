package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ConvGradInputOp is the gradient of Conv with respect to its input x, given that
// with respect to its result. Of x only the shape matters.
type ConvGradInputOp ConvOp

// Spec describes the operator.
func (o ConvGradInputOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "ConvGradInput", Domain: ember, Formula: "dx[n,c,p·stride-pad+k·dilation] += g[n,m,p]·w[m,c,k]", Source: "the transpose of Conv in x",
		Inputs: []string{"g", "W", "X"}, Outputs: []string{"dX"}, TypeOnly: []int{2}, ULP: 32,
		FLOPs: func(in, _ []graph.Type) int64 { return convFLOPs([]graph.Type{in[2], in[1]}, in[:1]) },
		Cases: func() []graph.Case {
			return convCases(func(o ConvOp, x, w, y []int) (graph.Op, []graph.Arg) {
				return ConvGradInputOp(o), []graph.Arg{graph.Rand(y...), graph.Rand(w...), graph.Rand(x...)}
			})
		},
	}
}

// Infer gives the shape of x.
func (o ConvGradInputOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	return inferConvGrad(ConvOp(o), in, in[2], in[1], in[2])
}

// inferConvGrad checks that in[0] is of the type of the convolution of x with w.
func inferConvGrad(o ConvOp, in []graph.Type, x, w, result graph.Type) ([]graph.Type, error) {
	want, err := o.Infer([]graph.Type{x, w})
	if err != nil {
		return nil, err
	}
	if err := sameDType(in[0], want[0]); err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], want[0].Shape); err != nil {
		return nil, err
	}
	return oneType(in[0].With(result.Shape...))
}

// Eval is the definition.
func (o ConvGradInputOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	xs, ws := in[2].Shape(), in[1].Shape()
	g, w, dx := tensor.Float64s(in[0]), tensor.Float64s(in[1]), make([]float64, xs.Len())
	geometry := ConvOp(o).window().on(xs[2:], ws[2:])
	products(xs, ws, or(o.Group, 1), geometry, func(xi, wi, yi int) { dx[xi] += float64(g[yi] * w[wi]) })
	return one(ofFloats(in[0].DType(), dx, xs))
}

// Grad is dg = Conv(gg, W), dW = ConvGradWeight(g, gg).
func (o ConvGradInputOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{
		apply1(ConvOp(o), g[0], in[1]),
		apply1(ConvGradWeightOp(o), in[0], g[0], in[1]),
		nil,
	}
}
