package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ConcatOp joins its inputs along an axis; their other extents are equal.
type ConcatOp struct {
	Axis int `onnx:"axis,required"`
}

// Concat joins values along an axis.
func Concat(axis int, values ...*graph.Value) *graph.Value {
	return apply1(ConcatOp{Axis: axis}, values...)
}

// Spec describes the operator.
func (o ConcatOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Concat", Since: 13, Formula: "y = x₁ ‖ x₂ ‖ … along axis", Source: standard,
		Inputs: []string{"inputs..."}, Outputs: []string{"concatenated"},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			r := graph.Rand
			return []graph.Case{
				{Op: ConcatOp{}, In: []graph.Arg{r(2, 3), r(4, 3)}},
				{Name: "axis 1", Op: ConcatOp{Axis: 1}, In: []graph.Arg{r(2, 3, 2), r(2, 1, 2), r(2, 4, 2)}},
				{Name: "last axis", Op: ConcatOp{Axis: -1}, In: []graph.Arg{r(5, 3), r(5, 9)}},
				{Name: "one", Op: ConcatOp{}, In: []graph.Arg{r(2, 3)}},
				{Name: "large", Op: ConcatOp{Axis: 1}, In: []graph.Arg{r(129, 100), r(129, 77)}, NoGrad: large},
				{Name: "with empty", Op: ConcatOp{}, In: []graph.Arg{r(2, 3), r(0, 3)}},
				{Name: "int64", Op: ConcatOp{}, In: []graph.Arg{intArg(0, 9, 2), intArg(0, 9, 3)}},
			}
		},
	}
}

// Infer adds the extents along the axis and follows the values of shapes.
func (o ConcatOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, max(1, len(in)), max(1, len(in))); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	axis, err := axisOf(o.Axis, in[0].Rank())
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape.Clone()
	for _, t := range in[1:] {
		if t.Rank() != len(shape) {
			return nil, fmt.Errorf("the shapes %v and %v differ in rank", in[0].Shape, t.Shape)
		}
		for i, d := range t.Shape {
			switch {
			case i == axis:
				shape[i] = shape[i].Add(d)
			case differ(d, shape[i]):
				return nil, fmt.Errorf("the shapes %v and %v differ at axis %d, along which they are not joined", in[0].Shape, t.Shape, i)
			case d.IsKnown():
				shape[i] = d
			}
		}
	}
	out := in[0].With(shape...)
	var dims []graph.Dim
	for _, t := range in {
		d, ok := intsOf(t)
		if !ok {
			return oneType(out)
		}
		dims = append(dims, d...)
	}
	return oneType(withValue(out, dims))
}

// Eval is the definition.
func (o ConcatOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	axis, err := axisOf(o.Axis, in[0].Rank())
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape().Clone()
	shape[axis] = 0
	for _, x := range in {
		shape[axis] += x.Shape()[axis]
	}
	y := tensor.New(in[0].DType(), shape...)
	at := 0
	for _, x := range in {
		n := x.Shape()[axis]
		tensor.CopyInto(y.Slice(axis, at, at+n, 1), x)
		at += n
	}
	return one(y)
}

// Grad cuts g into the parts of the inputs.
func (o ConcatOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	if len(in) == 1 {
		return g
	}
	sizes := make([]*graph.Value, len(in))
	for i, x := range in {
		sizes[i] = extentOf(x, o.Axis)
	}
	return apply(SplitOp{Axis: o.Axis}, g[0], Concat(0, sizes...))
}

// extentOf is the extent of one axis of x as an int64 vector of one element.
func extentOf(x *graph.Value, axis int) *graph.Value {
	if axis < 0 {
		axis += x.Rank()
	}
	return apply1(ShapeOp{Start: axis, End: Set(axis + 1)}, x)
}
