package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// TopKOp is the K largest elements along an axis and their int64 indices, the
// largest first, equal ones in the order of their indices; with Largest false, the
// smallest. NaN counts as the largest number. K must be known while the graph is
// built.
type TopKOp struct {
	Axis    Opt[int]  `onnx:"axis" default:"-1"`
	Largest Opt[bool] `onnx:"largest" default:"1"`
	Sorted  Opt[bool] `onnx:"sorted" default:"1"`
}

// TopK is the k largest elements of x along an axis and their indices.
func TopK(x *graph.Value, k, axis int) (values, indices *graph.Value) {
	out := apply(TopKOp{Axis: Set(axis)}, x, Ints(x, k))
	return out[0], out[1]
}

// Spec describes the operator.
func (o TopKOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "TopK", Since: 11, Formula: "values, indices = the k largest x along axis", Source: standard,
		Inputs: []string{"X", "K"}, Outputs: []string{"Values", "Indices"},
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: TopKOp{}, In: []graph.Arg{graph.Rand(5, 10), intsArg(3)}},
				{Name: "smallest", Op: TopKOp{Axis: Set(0), Largest: Set(false)}, In: []graph.Arg{graph.Rand(6, 3), intsArg(2)}},
				{Name: "ties", Op: TopKOp{}, In: []graph.Arg{intArg(0, 3, 4, 9), intsArg(5)}},
				{Name: "beyond float64", Op: TopKOp{}, In: []graph.Arg{graph.Given(tensor.Of([]int64{1 << 60, 1<<60 + 2, 1<<60 + 1})), intsArg(2)}},
				{Name: "none", Op: TopKOp{}, In: []graph.Arg{graph.Rand(2, 3), intsArg(0)}},
			}
		},
	}
}

// Infer replaces the extent of the axis by K.
func (o TopKOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	axis, err := axisOf(o.Axis.Or(-1), in[0].Rank())
	if err != nil {
		return nil, err
	}
	k, ok := constInts(in[1])
	if !ok || len(k) != 1 {
		return nil, fmt.Errorf("k must be one number that is known while the graph is built")
	}
	if n, known := in[0].Shape[axis].Size(); k[0] < 0 || known && k[0] > n {
		return nil, fmt.Errorf("k is %d, but axis %d has the extent %v", k[0], axis, in[0].Shape[axis])
	}
	shape := in[0].Shape.Clone()
	shape[axis] = graph.Known(k[0])
	return []graph.Type{in[0].With(shape...), graph.TensorOf(tensor.Int64, shape...)}, nil
}

// Eval is the definition.
func (o TopKOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	x, k := in[0], tensor.Ints(in[1])[0]
	axis, err := axisOf(o.Axis.Or(-1), x.Rank())
	if err != nil {
		return nil, err
	}
	if n := x.Shape()[axis]; k > n {
		return nil, fmt.Errorf("k is %d, but axis %d has %d elements", k, axis, n)
	}
	values, indices := tensor.TopK(x, k, axis, o.Largest.Or(true))
	return []*tensor.Tensor{values, indices}, nil
}

// Grad adds g to zeros at the indices.
func (o TopKOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	add := ScatterElementsOp{Axis: o.Axis.Or(-1), Reduction: "add"}
	return []*graph.Value{apply1(add, Filled(in[0], 0), out[1], g[0]), nil}
}
