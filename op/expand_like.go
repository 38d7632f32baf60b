package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ExpandLikeOp broadcasts x to the shape of like. Of like only the shape matters.
type ExpandLikeOp struct{}

// ExpandLike is x broadcast to the shape of like; x itself where the shapes are
// equal.
func ExpandLike(x, like *graph.Value) *graph.Value {
	if x.Shape().Equal(like.Shape()) {
		return x
	}
	return apply1(ExpandLikeOp{}, x, like)
}

// Spec describes the operator.
func (o ExpandLikeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "ExpandLike", Domain: ember, Formula: "y = x broadcast to the shape of like", Source: "ONNX Expand",
		Inputs: []string{"x", "like"}, Outputs: []string{"y"}, TypeOnly: []int{1},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Name: "row", Op: o, In: []graph.Arg{graph.Rand(10), graph.Rand(33, 10)}},
				{Name: "column", Op: o, In: []graph.Arg{graph.Rand(5, 1), graph.Rand(5, 19)}},
				{Name: "channels", Op: o, In: []graph.Arg{graph.Rand(3, 1, 1), graph.Rand(2, 3, 4, 5)}},
				{Name: "scalar", Op: o, In: []graph.Arg{graph.Rand(), graph.Rand(7, 9)}},
				{Name: "large", Op: o, In: []graph.Arg{graph.Rand(129), graph.Rand(257, 129)}, NoGrad: large},
				{Name: "empty", Op: o, In: []graph.Arg{graph.Rand(4), graph.Rand(0, 4)}},
				{Name: "like of another type", Op: o, In: []graph.Arg{graph.Rand(4), intArg(0, 9, 2, 4)}},
			}
		},
	}
}

// Infer gives the shape of like.
func (ExpandLikeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	both, err := graph.BroadcastShapes(in[1].Shape, in[0].Shape)
	if err != nil {
		return nil, err
	}
	for i, d := range both {
		if len(both) != in[1].Rank() || differ(in[1].Shape[i], d) {
			return nil, fmt.Errorf("the shape %v does not broadcast to %v", in[0].Shape, in[1].Shape)
		}
	}
	return oneType(in[0].With(in[1].Shape...))
}

// Eval is the definition.
func (ExpandLikeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(in[0].BroadcastTo(in[1].Shape()))
}

// Grad sums what was repeated: dx = SumLike(g, x).
func (ExpandLikeOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{SumLike(g[0], in[0]), nil}
}
