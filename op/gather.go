package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GatherOp takes slices of data along an axis: that axis is replaced by the axes
// of the indices. Negative indices count from the end.
type GatherOp struct {
	Axis int `onnx:"axis"`
}

// Gather takes the slices of data at the indices of an axis: with axis 0, rows of
// a table.
func Gather(data, indices *graph.Value, axis int) *graph.Value {
	return apply1(GatherOp{Axis: axis}, data, indices)
}

// Spec describes the operator.
func (o GatherOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Gather", Since: 13, Formula: "y[…i…j…] = data[…indices[i]…j…] along axis", Source: standard,
		Inputs: []string{"data", "indices"}, Outputs: []string{"output"},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Name: "rows", Op: GatherOp{}, In: []graph.Arg{graph.Rand(7, 5), intArg(0, 6, 20)}},
				{Name: "matrix of indices", Op: GatherOp{}, In: []graph.Arg{graph.Rand(7, 5), intArg(-7, 6, 3, 4)}},
				{Name: "axis 1", Op: GatherOp{Axis: 1}, In: []graph.Arg{graph.Rand(3, 6, 2), intArg(0, 5, 4)}},
				{Name: "scalar index", Op: GatherOp{Axis: -1}, In: []graph.Arg{graph.Rand(3, 6), graph.Given(tensor.Scalar[int64](2))}},
				{Name: "int32 indices", Op: GatherOp{}, In: []graph.Arg{graph.Rand(7, 5), {DType: tensor.Int32, Hi: 6, Shape: []int{30}}}},
				{Name: "large", Op: GatherOp{}, In: []graph.Arg{graph.Rand(99, 64), intArg(0, 98, 30, 11)}, NoGrad: large},
				{Name: "no indices", Op: GatherOp{}, In: []graph.Arg{graph.Rand(7, 5), intsArg()}},
			}
		},
	}
}

// Infer replaces the axis by the indices' axes and follows the values of shapes.
func (o GatherOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	if err := wantDType("the indices", in[1], tensor.Int64, tensor.Int32); err != nil {
		return nil, err
	}
	axis, err := axisOf(o.Axis, in[0].Rank())
	if err != nil {
		return nil, err
	}
	shape := append(in[0].Shape[:axis:axis], in[1].Shape...)
	shape = append(shape, in[0].Shape[axis+1:]...)
	out := in[0].With(shape...)
	data, okData := intsOf(in[0])
	at, okAt := constInts(in[1])
	if !okData || !okAt {
		return oneType(out)
	}
	dims := make([]graph.Dim, len(at))
	for i, k := range at {
		if k, err = indexOf(k, len(data)); err != nil {
			return nil, err
		}
		dims[i] = data[k]
	}
	return oneType(withValue(out, dims))
}

// indexOf is an index counted from the front.
func indexOf(i, n int) (int, error) {
	k := i
	if k < 0 {
		k += n
	}
	if k < 0 || k >= n {
		return 0, fmt.Errorf("index %d is out of range for an axis of %d", i, n)
	}
	return k, nil
}

// Eval is the definition.
func (o GatherOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	from, shape, err := o.sources(in[0].Shape(), in[1])
	if err != nil {
		return nil, err
	}
	return one(pick(in[0], from, shape))
}

// sources is for each element of the result the element of data that it is.
func (o GatherOp) sources(data tensor.Shape, indices *tensor.Tensor) (from []int, shape tensor.Shape, err error) {
	axis, err := axisOf(o.Axis, len(data))
	if err != nil {
		return nil, nil, err
	}
	shape = append(data[:axis:axis], indices.Shape()...)
	shape = append(shape, data[axis+1:]...)
	inner := data[axis+1:].Len()
	at := tensor.Ints(indices)
	for outer := range data[:axis].Len() {
		for _, i := range at {
			k, err := indexOf(i, data[axis])
			if err != nil {
				return nil, nil, err
			}
			for j := range inner {
				from = append(from, (outer*data[axis]+k)*inner+j)
			}
		}
	}
	return from, shape, nil
}

// Grad adds the slices of g to zeros: dx = GatherGrad(g, indices, x).
func (o GatherOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{apply1(GatherGradOp(o), g[0], in[1], in[0]), nil}
}
