package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SumLikeOp sums g over the axes along which the shape of like was broadcast to
// that of g: the transpose of broadcasting. Of like only the shape matters.
type SumLikeOp struct{}

// SumLike is g summed to the shape of like; g itself where the shapes are equal.
func SumLike(g, like *graph.Value) *graph.Value {
	if g.Shape().Equal(like.Shape()) {
		return g
	}
	return apply1(SumLikeOp{}, g, like)
}

// Spec describes the operator.
func (o SumLikeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "SumLike", Domain: ember, Formula: "y = Σ g over what broadcasting like to g repeats", Source: "the transpose of Expand",
		Inputs: []string{"g", "like"}, Outputs: []string{"y"}, TypeOnly: []int{1}, ULP: 16,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Name: "rows", Op: o, In: []graph.Arg{graph.Rand(33, 10), graph.Rand(10)}},
				{Name: "columns", Op: o, In: []graph.Arg{graph.Rand(5, 19), graph.Rand(5, 1)}},
				{Name: "channels", Op: o, In: []graph.Arg{graph.Rand(2, 3, 4, 5), graph.Rand(1, 3, 1, 1)}},
				{Name: "channels of lower rank", Op: o, In: []graph.Arg{graph.Rand(2, 3, 4, 5), graph.Rand(3, 1, 1)}},
				{Name: "all", Op: o, In: []graph.Arg{graph.Rand(7, 9), graph.Rand()}},
				{Name: "large rows", Op: o, In: []graph.Arg{graph.Rand(257, 129), graph.Rand(129)}, NoGrad: large},
				{Name: "nothing", Op: o, In: []graph.Arg{graph.Rand(3, 4), graph.Rand(3, 4)}},
				{Name: "empty", Op: o, In: []graph.Arg{graph.Rand(0, 4), graph.Rand(4)}},
				{Name: "float64", Op: o, In: []graph.Arg{{DType: tensor.Float64, Shape: []int{6, 4}}, {DType: tensor.Float64, Shape: []int{4}}}},
			}
		},
		FLOPs: func(in, _ []graph.Type) int64 { return elements(in[0]) },
	}
}

// Infer gives the shape of like.
func (SumLikeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	both, err := graph.BroadcastShapes(in[1].Shape, in[0].Shape)
	if err != nil {
		return nil, err
	}
	for i, d := range both {
		if len(both) != in[0].Rank() || differ(in[0].Shape[i], d) {
			return nil, fmt.Errorf("the shape %v does not broadcast to %v", in[1].Shape, in[0].Shape)
		}
	}
	return oneType(in[0].With(in[1].Shape...))
}

// Eval is the definition.
func (SumLikeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	g, like := in[0], in[1].Shape()
	lead := g.Rank() - len(like)
	axes := []int{}
	for i, n := range g.Shape() {
		if i < lead || like[i-lead] == 1 && n != 1 {
			axes = append(axes, i)
		}
	}
	sum := tensor.Cast(tensor.Sum(g, axes, false), g.DType())
	return one(sum.Reshape(like...))
}

// Grad broadcasts: dg = ExpandLike(gg, g).
func (SumLikeOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{ExpandLike(g[0], in[0]), nil}
}

// ember is the domain of the operators that no ONNX file holds.
const ember = "ember"
