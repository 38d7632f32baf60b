package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GatherGradOp is the transpose of Gather: zeros of the shape of x to which each
// slice of g is added at its index, in the order of the indices. Of x only the
// shape matters.
type GatherGradOp struct {
	Axis int `onnx:"axis"`
}

// Spec describes the operator.
func (o GatherGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "GatherGrad", Domain: ember, Formula: "dx = 0; dx[…indices[i]…j…] += g[…i…j…]", Source: "the transpose of Gather",
		Inputs: []string{"g", "indices", "x"}, Outputs: []string{"dx"}, TypeOnly: []int{2}, ULP: 8,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Name: "rows", Op: GatherGradOp{}, In: []graph.Arg{graph.Rand(20, 5), intArg(0, 6, 20), graph.Rand(7, 5)}},
				{Name: "matrix of indices", Op: GatherGradOp{}, In: []graph.Arg{graph.Rand(3, 4, 5), intArg(-7, 6, 3, 4), graph.Rand(7, 5)}},
				{Name: "axis 1", Op: GatherGradOp{Axis: 1}, In: []graph.Arg{graph.Rand(3, 4, 2), intArg(0, 5, 4), graph.Rand(3, 6, 2)}},
				{Name: "large", Op: GatherGradOp{}, In: []graph.Arg{graph.Rand(330, 64), intArg(0, 98, 330), graph.Rand(99, 64)}, NoGrad: large},
				{Name: "no indices", Op: GatherGradOp{}, In: []graph.Arg{graph.Rand(0, 5), intsArg(), graph.Rand(7, 5)}},
			}
		},
	}
}

// Infer gives the shape of x.
func (o GatherGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	want, err := GatherOp(o).Infer([]graph.Type{in[2], in[1]})
	if err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], want[0].Shape); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[2].Shape...))
}

// Eval is the definition.
func (o GatherGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	to, _, err := GatherOp(o).sources(in[2].Shape(), in[1])
	if err != nil {
		return nil, err
	}
	return one(scatter(in[0], to, in[2].Shape()))
}

// Grad gathers: dg = Gather(gg, indices).
func (o GatherGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{apply1(GatherOp(o), g[0], in[1]), nil, nil}
}
