package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GatherElementsOp takes one element of data for each index: the index replaces
// the position along the axis. Negative indices count from the end.
type GatherElementsOp struct {
	Axis int `onnx:"axis"`
}

// GatherElements takes data[i][indices[i][j]] for axis 1, and likewise for others.
func GatherElements(data, indices *graph.Value, axis int) *graph.Value {
	return apply1(GatherElementsOp{Axis: axis}, data, indices)
}

// Spec describes the operator.
func (o GatherElementsOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "GatherElements", Since: 13, Formula: "y[i][j] = data[i][indices[i][j]] for axis 1", Source: standard,
		Inputs: []string{"data", "indices"}, Outputs: []string{"output"},
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: GatherElementsOp{Axis: 1}, In: []graph.Arg{graph.Rand(9, 10), intArg(0, 9, 9, 1)}},
				{Name: "axis 0", Op: GatherElementsOp{}, In: []graph.Arg{graph.Rand(4, 5), intArg(-4, 3, 6, 3)}},
				{Name: "three axes", Op: GatherElementsOp{Axis: -1}, In: []graph.Arg{graph.Rand(2, 3, 4), intArg(0, 3, 2, 3, 5)}},
				{Name: "empty", Op: GatherElementsOp{Axis: 1}, In: []graph.Arg{graph.Rand(0, 3), intArg(0, 2, 0, 1)}},
			}
		},
	}
}

// Infer gives the shape of the indices.
func (o GatherElementsOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	if err := wantDType("the indices", in[1], tensor.Int64, tensor.Int32); err != nil {
		return nil, err
	}
	if err := wantRank("the indices", in[1], in[0].Rank()); err != nil {
		return nil, err
	}
	axis, err := axisOf(o.Axis, in[0].Rank())
	if err != nil {
		return nil, err
	}
	for i, d := range in[1].Shape {
		n, known := d.Size()
		if most, ok := in[0].Shape[i].Size(); ok && known && i != axis && n > most {
			return nil, fmt.Errorf("the indices %v reach beyond the data %v at axis %d", in[1].Shape, in[0].Shape, i)
		}
	}
	return oneType(in[0].With(in[1].Shape...))
}

// Eval is the definition.
func (o GatherElementsOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	from, err := elementSources(o.Axis, in[0].Shape(), in[1])
	if err != nil {
		return nil, err
	}
	return one(pick(in[0], from, in[1].Shape()))
}

// elementSources is for each index the position in data that it points to.
func elementSources(axis int, data tensor.Shape, indices *tensor.Tensor) ([]int, error) {
	axis, err := axisOf(axis, len(data))
	if err != nil {
		return nil, err
	}
	at, step := tensor.Ints(indices), strides(data)
	from := make([]int, len(at))
	eachIndex(indices.Shape(), func(flat int, idx []int) {
		k, e := indexOf(at[flat], data[axis])
		if e != nil && err == nil {
			err = e
		}
		from[flat] = dot(idx, step) + (k-idx[axis])*step[axis]
	})
	return from, err
}

// Grad adds g to zeros at the indices.
func (o GatherElementsOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	add := ScatterElementsOp{Axis: o.Axis, Reduction: "add"}
	return []*graph.Value{apply1(add, Filled(in[0], 0), in[1], g[0]), nil}
}
