package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ConvGradWeightOp is the gradient of Conv with respect to its weight w, given
// that with respect to its result. Of w only the shape matters.
type ConvGradWeightOp ConvOp

// Spec describes the operator.
func (o ConvGradWeightOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "ConvGradWeight", Domain: ember, Formula: "dw[m,c,k] += g[n,m,p]·x[n,c,p·stride-pad+k·dilation]", Source: "the transpose of Conv in w",
		Inputs: []string{"g", "X", "W"}, Outputs: []string{"dW"}, TypeOnly: []int{2}, ULP: 32,
		FLOPs: func(in, _ []graph.Type) int64 { return convFLOPs(in[1:], in[:1]) },
		Cases: func() []graph.Case {
			return convCases(func(o ConvOp, x, w, y []int) (graph.Op, []graph.Arg) {
				return ConvGradWeightOp(o), []graph.Arg{graph.Rand(y...), graph.Rand(x...), graph.Rand(w...)}
			})
		},
	}
}

// Infer gives the shape of w.
func (o ConvGradWeightOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	return inferConvGrad(ConvOp(o), in, in[1], in[2], in[2])
}

// Eval is the definition.
func (o ConvGradWeightOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	xs, ws := in[1].Shape(), in[2].Shape()
	g, x, dw := tensor.Float64s(in[0]), tensor.Float64s(in[1]), make([]float64, ws.Len())
	geometry := ConvOp(o).window().on(xs[2:], ws[2:])
	products(xs, ws, or(o.Group, 1), geometry, func(xi, wi, yi int) { dw[wi] += float64(g[yi] * x[xi]) })
	return one(ofFloats(in[0].DType(), dw, ws))
}

// Grad is dg = Conv(X, gg), dX = ConvGradInput(g, gg).
func (o ConvGradWeightOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{
		apply1(ConvOp(o), in[1], g[0]),
		apply1(ConvGradInputOp(o), in[0], g[0], in[1]),
		nil,
	}
}
