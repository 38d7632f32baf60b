package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ExpandOp broadcasts x together with the given shape, which must be known while
// the graph is built, up to symbols.
type ExpandOp struct{}

// Expand broadcasts x to a shape given as an int64 vector.
func Expand(x, shape *graph.Value) *graph.Value { return apply1(ExpandOp{}, x, shape) }

// Spec describes the operator.
func (o ExpandOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Expand", Since: 13, Formula: "y = x broadcast to a shape", Source: standard,
		Inputs: []string{"input", "shape"}, Outputs: []string{"output"},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{graph.Rand(3, 1), intsArg(2, 1, 6)}},
				{Name: "smaller shape", Op: o, In: []graph.Arg{graph.Rand(2, 3), intsArg(3)}},
				{Name: "scalar", Op: o, In: []graph.Arg{graph.Rand(), intsArg(4, 5)}},
				{Name: "nothing", Op: o, In: []graph.Arg{graph.Rand(2, 1), intsArg(2, 0)}},
				{Name: "int64", Op: o, In: []graph.Arg{intArg(0, 9, 1), intsArg(4)}},
			}
		},
	}
}

// Infer broadcasts the shapes and follows known values.
func (o ExpandOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	want, err := extentsOf(in[1])
	if err != nil {
		return nil, err
	}
	shape, err := graph.BroadcastShapes(in[0].Shape, want)
	if err != nil {
		return nil, err
	}
	return fold(o, in, []graph.Type{in[0].With(shape...)}), nil
}

// Eval is the definition.
func (ExpandOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	shape, err := tensor.Broadcast(in[0].Shape(), tensor.Ints(in[1]))
	if err != nil {
		return nil, err
	}
	return one(in[0].BroadcastTo(shape))
}

// Grad sums what was repeated.
func (ExpandOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{SumLike(g[0], in[0]), nil}
}
