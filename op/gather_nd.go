package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GatherNDOp takes slices of data at tuples of indices, which are the last axis of
// the indices: a tuple of as many numbers as data has axes takes an element, a
// shorter one a slice. The first BatchDims axes of both run together. Negative
// indices count from the end.
type GatherNDOp struct {
	BatchDims int `onnx:"batch_dims"`
}

// GatherND takes the slices of data at the tuples of indices on the last axis of
// indices.
func GatherND(data, indices *graph.Value) *graph.Value {
	return apply1(GatherNDOp{}, data, indices)
}

// Spec describes the operator.
func (o GatherNDOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "GatherND", Since: 13, Formula: "y[i] = data[indices[i,0], indices[i,1], …]", Source: standard,
		Inputs: []string{"data", "indices"}, Outputs: []string{"output"},
		Cases: func() []graph.Case {
			return []graph.Case{
				{Name: "elements", Op: GatherNDOp{}, In: []graph.Arg{graph.Rand(3, 4), intArg(-3, 2, 9, 2)}},
				{Name: "rows", Op: GatherNDOp{}, In: []graph.Arg{graph.Rand(3, 4), intArg(0, 2, 2, 9, 1)}},
				{Name: "batch", Op: GatherNDOp{BatchDims: 1}, In: []graph.Arg{graph.Rand(9, 3, 2), intArg(0, 2, 9, 2, 1)}, NoGrad: "batch_dims has none"},
				{Name: "empty", Op: GatherNDOp{}, In: []graph.Arg{graph.Rand(3, 4), intArg(0, 2, 0, 2)}},
			}
		},
	}
}

// Infer replaces the indexed axes by those of the tuples.
func (o GatherNDOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	if err := wantDType("the indices", in[1], tensor.Int64); err != nil {
		return nil, err
	}
	shape, err := o.shape(in[0].Shape, in[1].Shape)
	if err != nil {
		return nil, err
	}
	return oneType(in[0].With(shape...))
}

// shape is that of the slices at the indices.
func (o GatherNDOp) shape(data, indices graph.Shape) (graph.Shape, error) {
	last := len(indices) - 1
	if last < 0 {
		return nil, fmt.Errorf("the indices must have an axis of tuples")
	}
	k, known := indices[last].Size()
	if !known || k < 1 || o.BatchDims < 0 || o.BatchDims > last || o.BatchDims+k > len(data) {
		return nil, fmt.Errorf("tuples of %v indices after %d batch axes do not fit data of shape %v", indices[last], o.BatchDims, data)
	}
	for i := range o.BatchDims {
		if differ(indices[i], data[i]) {
			return nil, fmt.Errorf("the batch axes of the data %v and the indices %v differ", data, indices)
		}
	}
	return append(indices[:last:last], data[o.BatchDims+k:]...), nil
}

// sources is for each element of the result the element of data that it is.
func (o GatherNDOp) sources(data tensor.Shape, indices *tensor.Tensor) ([]int, error) {
	tuples := indices.Shape()
	last := len(tuples) - 1
	k := tuples[last]
	step, at := strides(data), tensor.Ints(indices)
	inner := data[o.BatchDims+k:].Len()
	var from []int
	var err error
	eachIndex(tuples[:last], func(flat int, idx []int) {
		first := dot(idx[:o.BatchDims], step)
		for j := range k {
			axis := o.BatchDims + j
			i, e := indexOf(at[flat*k+j], data[axis])
			if e != nil && err == nil {
				err = e
			}
			first += i * step[axis]
		}
		for j := range inner {
			from = append(from, first+j)
		}
	})
	return from, err
}

// Eval is the definition.
func (o GatherNDOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	from, err := o.sources(in[0].Shape(), in[1])
	if err != nil {
		return nil, err
	}
	shape, err := o.shape(graph.Dims(in[0].Shape()...), graph.Dims(in[1].Shape()...))
	if err != nil {
		return nil, err
	}
	sizes, _ := shape.Concrete()
	return one(pick(in[0], from, sizes))
}

// Grad adds g to zeros at the indices. There is none with batch axes.
func (o GatherNDOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	if o.BatchDims > 0 {
		panic(&tensor.ShapeError{Op: "GatherND", Detail: "batch_dims has no gradient"})
	}
	return []*graph.Value{ScatterND(Filled(in[0], 0), in[1], g[0], ScatterNDOp{Reduction: "add"}), nil}
}
