package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ShapeOp is the shape of x, from axis Start up to but not including End, as an
// int64 vector.
type ShapeOp struct {
	Start int      `onnx:"start"`
	End   Opt[int] `onnx:"end" default:"the rank"`
}

// Shape is the shape of x as an int64 vector.
func Shape(x *graph.Value) *graph.Value { return apply1(ShapeOp{}, x) }

// Spec describes the operator.
func (o ShapeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Shape", Since: 21, Formula: "y = shape(x)[start:end]", Source: standard,
		Inputs: []string{"data"}, Outputs: []string{"shape"}, TypeOnly: []int{0},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: ShapeOp{}, In: []graph.Arg{graph.Rand(2, 3, 4)}},
				{Name: "slice", Op: ShapeOp{Start: 1, End: Set(-1)}, In: []graph.Arg{graph.Rand(2, 3, 4, 5)}},
				{Name: "scalar", Op: ShapeOp{}, In: []graph.Arg{graph.Rand()}},
			}
		},
	}
}

// bounds are Start and End clamped to 0…rank.
func (o ShapeOp) bounds(rank int) (start, end int) {
	clamp := func(i int) int {
		if i < 0 {
			i += rank
		}
		return min(max(i, 0), rank)
	}
	start, end = clamp(o.Start), clamp(o.End.Or(rank))
	return start, max(start, end)
}

// Infer knows the value, up to symbols.
func (o ShapeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	start, end := o.bounds(in[0].Rank())
	dims := in[0].Shape[start:end]
	return oneType(withValue(graph.TensorOf(tensor.Int64, graph.Known(len(dims))), dims))
}

// Eval is the definition.
func (o ShapeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	start, end := o.bounds(in[0].Rank())
	shape := make([]int64, 0, end-start)
	for _, n := range in[0].Shape()[start:end] {
		shape = append(shape, int64(n))
	}
	return one(tensor.Of(shape, len(shape)))
}

// Grad is zero.
func (ShapeOp) Grad(_, _, _ []*graph.Value) []*graph.Value { return []*graph.Value{nil} }
