package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// AveragePoolGradOp is the transpose of AveragePool: each element of g is shared
// out over the elements of x under its window. Of x only the shape matters.
type AveragePoolGradOp AveragePoolOp

// Spec describes the operator.
func (o AveragePoolGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "AveragePoolGrad", Domain: ember, Formula: "dx[n,c,p·stride-pad+k·dilation] += g[n,c,p]/count[p]", Source: "the transpose of AveragePool",
		Inputs: []string{"g", "X"}, Outputs: []string{"dX"}, TypeOnly: []int{1}, ULP: 8,
		Cases: func() []graph.Case {
			return averageCases(func(o AveragePoolOp, x, y []int) (graph.Op, []graph.Arg) {
				return AveragePoolGradOp(o), []graph.Arg{graph.Rand(y...), graph.Rand(x...)}
			})
		},
	}
}

// Infer gives the shape of x.
func (o AveragePoolGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	want, err := AveragePoolOp(o).pool().inferOf(in[1])
	if err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], want.Shape); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[1].Shape...))
}

// Eval is the definition.
func (o AveragePoolGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	xs := in[1].Shape()
	geometry := AveragePoolOp(o).pool().on(xs[2:], o.KernelShape.Slice())
	taps, counts := AveragePoolOp(o).weights(geometry)
	g, size := tensor.Float64s(in[0]), geometry.in().Len()
	dx := make([]float64, xs.Len())
	for plane := range xs[0] * xs[1] {
		for p, ts := range taps {
			share := g[plane*len(taps)+p] / counts[p]
			for _, t := range ts {
				dx[plane*size+t.in] += share
			}
		}
	}
	return one(ofFloats(in[0].DType(), dx, xs))
}

// Grad averages: dg = AveragePool(gg).
func (o AveragePoolGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{apply1(AveragePoolOp(o), g[0]), nil}
}
