package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SliceGradOp is the transpose of Slice: zeros of the shape of x with g where the
// slice is. Of x only the shape matters.
type SliceGradOp struct{}

// Spec describes the operator.
func (o SliceGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "SliceGrad", Domain: ember, Formula: "dx = 0; dx[start:end:step] = g", Source: "the transpose of Slice",
		Inputs: []string{"g", "x", "starts", "ends", "axes?", "steps?"}, Outputs: []string{"dx"}, TypeOnly: []int{1},
		Cases: func() []graph.Case { return sliceCases(o, true) },
	}
}

// Infer gives the shape of x.
func (SliceGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 4, 6); err != nil {
		return nil, err
	}
	want, err := SliceOp{}.Infer(in[1:])
	if err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], want[0].Shape); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[1].Shape...))
}

// Eval is the definition.
func (SliceGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	cuts, err := valueCuts(in[1:])
	if err != nil {
		return nil, err
	}
	dx := tensor.New(in[0].DType(), in[1].Shape()...)
	tensor.CopyInto(sliced(dx, cuts), in[0])
	return one(dx)
}

// Grad slices: dg = Slice(gg).
func (SliceGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	d := make([]*graph.Value, len(in))
	d[0] = apply1(SliceOp{}, append([]*graph.Value{g[0]}, in[2:]...)...)
	return d
}
