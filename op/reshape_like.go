package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ReshapeLikeOp gives x the shape of like, which has as many elements. Of like
// only the shape matters.
type ReshapeLikeOp struct{}

// ReshapeLike is x in the shape of like; x itself where the shapes are equal.
func ReshapeLike(x, like *graph.Value) *graph.Value {
	if x.Shape().Equal(like.Shape()) {
		return x
	}
	return apply1(ReshapeLikeOp{}, x, like)
}

// Spec describes the operator.
func (o ReshapeLikeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "ReshapeLike", Domain: ember, Formula: "y = x in the shape of like", Source: "ONNX Reshape",
		Inputs: []string{"x", "like"}, Outputs: []string{"y"}, TypeOnly: []int{1},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{graph.Rand(2, 12), graph.Rand(2, 3, 4)}},
				{Name: "empty", Op: o, In: []graph.Arg{graph.Rand(0, 12), graph.Rand(0, 3, 4)}},
			}
		},
	}
}

// Infer gives the shape of like.
func (ReshapeLikeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	if differ(in[0].Shape.Len(), in[1].Shape.Len()) {
		return nil, fmt.Errorf("the %v elements of shape %v do not fill the shape %v", in[0].Shape.Len(), in[0].Shape, in[1].Shape)
	}
	return oneType(in[0].With(in[1].Shape...))
}

// Eval is the definition.
func (ReshapeLikeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(in[0].Reshape(in[1].Shape()...))
}

// Grad is dx = g in the shape of x.
func (ReshapeLikeOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{ReshapeLike(g[0], in[0]), nil}
}
