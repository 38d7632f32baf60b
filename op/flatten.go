package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// FlattenOp makes a matrix: the axes before Axis become its rows, the others its
// columns.
type FlattenOp struct {
	Axis Opt[int] `onnx:"axis" default:"1"`
}

// Flatten is x as a matrix whose rows are the axes before axis.
func Flatten(x *graph.Value, axis int) *graph.Value {
	return apply1(FlattenOp{Axis: Set(axis)}, x)
}

// Spec describes the operator.
func (o FlattenOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Flatten", Since: 21, Formula: "y = x as a matrix, split before axis", Source: standard,
		Inputs: []string{"x"}, Outputs: []string{"y"},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: FlattenOp{}, In: []graph.Arg{graph.Rand(2, 3, 4)}},
				{Name: "axis 0", Op: FlattenOp{Axis: Set(0)}, In: []graph.Arg{graph.Rand(2, 3, 4)}},
				{Name: "axis 3", Op: FlattenOp{Axis: Set(3)}, In: []graph.Arg{graph.Rand(2, 3, 4)}},
				{Name: "negative axis", Op: FlattenOp{Axis: Set(-1)}, In: []graph.Arg{graph.Rand(2, 3, 4)}},
				{Name: "empty", Op: FlattenOp{}, In: []graph.Arg{graph.Rand(0, 3, 4)}},
			}
		},
	}
}

// split is the axis counted from the front; it may be the rank.
func (o FlattenOp) split(rank int) (int, error) {
	axis := o.Axis.Or(1)
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis > rank {
		return 0, fmt.Errorf("axis %d is outside the %d dimensions of the input", o.Axis.Or(1), rank)
	}
	return axis, nil
}

// Infer gives the two products.
func (o FlattenOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	axis, err := o.split(in[0].Rank())
	if err != nil {
		return nil, err
	}
	s := in[0].Shape
	return oneType(in[0].With(s[:axis].Len(), s[axis:].Len()))
}

// Eval is the definition.
func (o FlattenOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	s := in[0].Shape()
	axis, err := o.split(len(s))
	if err != nil {
		return nil, err
	}
	return one(in[0].Reshape(s[:axis].Len(), s[axis:].Len()))
}

// Grad is dx = g in the shape of x.
func (FlattenOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{ReshapeLike(g[0], in[0])}
}
