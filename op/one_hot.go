package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// OneHotOp has a new axis of extent depth, on which the element at the index is
// values[1] and all others are values[0]; an index outside -depth…depth-1 has no
// such element. Depth must be known while the graph is built.
type OneHotOp struct {
	Axis Opt[int] `onnx:"axis" default:"-1"`
}

// OneHot is 1 at the index and 0 elsewhere on a new last axis of extent depth.
func OneHot(indices *graph.Value, depth int, dt tensor.DType) *graph.Value {
	values := indices.Graph().Constant(tensor.Cast(tensor.Of([]float64{0, 1}), dt))
	return apply1(OneHotOp{}, indices, Ints(indices, depth), values)
}

// Spec describes the operator.
func (o OneHotOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "OneHot", Since: 11, Formula: "y[…i] = indices[…] = i ? on : off", Source: standard,
		Inputs: []string{"indices", "depth", "values"}, Outputs: []string{"output"},
		Cases: func() []graph.Case {
			values := graph.Given(tensor.Of([]float32{0, 1}))
			return []graph.Case{
				{Op: OneHotOp{}, In: []graph.Arg{intArg(-2, 11, 20), intsArg(10), values}},
				{Name: "first axis", Op: OneHotOp{Axis: Set(0)}, In: []graph.Arg{intArg(0, 3, 2, 30), intsArg(4), values}},
				{Name: "any values", Op: OneHotOp{}, In: []graph.Arg{intArg(-4, 5, 3, 7), intsArg(4), graph.Rand(2)}},
				{Name: "int64", Op: OneHotOp{}, In: []graph.Arg{intArg(0, 3, 5, 5), intsArg(4), intsArg(-1, 7)}},
			}
		},
	}
}

// Infer inserts the axis.
func (o OneHotOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	axis, err := axisOf(o.Axis.Or(-1), in[0].Rank()+1)
	if err != nil {
		return nil, err
	}
	depth, ok := constInts(in[1])
	if !ok || len(depth) != 1 || depth[0] < 0 {
		return nil, fmt.Errorf("depth must be one number that is known while the graph is built")
	}
	if d := in[2].Shape.Len(); in[2].Rank() != 1 || d.IsKnown() && !d.Is(2) {
		return nil, fmt.Errorf("values must be the two values off and on, but their shape is %v", in[2].Shape)
	}
	shape := append(in[0].Shape[:axis:axis], graph.Known(depth[0]))
	return oneType(in[2].With(append(shape, in[0].Shape[axis:]...)...))
}

// Eval is the definition.
func (o OneHotOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	old, depth := in[0].Shape(), tensor.Ints(in[1])[0]
	axis, err := axisOf(o.Axis.Or(-1), len(old)+1)
	if err != nil {
		return nil, err
	}
	shape := append(old[:axis:axis], depth)
	shape = append(shape, old[axis:]...)
	inner := old[axis:].Len()
	from := make([]int, shape.Len())
	for i, k := range tensor.Ints(in[0]) {
		if k < 0 {
			k += depth
		}
		if k >= 0 && k < depth {
			from[(i/inner*depth+k)*inner+i%inner] = 1
		}
	}
	return one(pick(in[2], from, shape))
}

// Grad is that of the values: the sum of g where an element is off, and where it
// is on.
func (o OneHotOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	d := make([]*graph.Value, 3)
	if needsGrad(in[2]) {
		mask := in[0].Graph().Constant(tensor.Cast(tensor.Of([]float64{0, 1}), g[0].DType()))
		on := ReduceSum(Mul(g[0], apply1(o, in[0], in[1], mask)), nil, false)
		off := Sub(ReduceSum(g[0], nil, false), on)
		d[2] = Concat(0, Unsqueeze(off, 0), Unsqueeze(on, 0))
	}
	return d
}
