package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// UnsqueezeOp inserts axes of extent 1 so that they are the given axes of the
// result.
type UnsqueezeOp struct{}

// Unsqueeze inserts axes of extent 1, which are the given axes of the result.
func Unsqueeze(x *graph.Value, axes ...int) *graph.Value {
	return apply1(UnsqueezeOp{}, x, Ints(x, axes...))
}

// Spec describes the operator.
func (o UnsqueezeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Unsqueeze", Since: 21, Formula: "y = x with axes of extent 1 inserted", Source: standard,
		Inputs: []string{"data", "axes"}, Outputs: []string{"expanded"},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{graph.Rand(3, 4), intsArg(1)}},
				{Name: "two", Op: o, In: []graph.Arg{graph.Rand(3, 4), intsArg(-1, 0)}},
				{Name: "scalar", Op: o, In: []graph.Arg{graph.Rand(), intsArg(0)}},
			}
		},
	}
}

// Upgrade makes the axes an input, which they are since opset 13.
func (UnsqueezeOp) Upgrade(n *OldNode) error { return n.toInput("axes", 1) }

// Infer inserts the extents and follows the values of shapes.
func (UnsqueezeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	n, _ := in[1].Shape.Len().Size()
	axes, err := knownAxes(in[1], in[0].Rank()+n)
	if err != nil {
		return nil, err
	}
	shape := make(graph.Shape, in[0].Rank()+len(axes))
	added := make([]bool, len(shape))
	for _, a := range axes {
		added[a] = true
	}
	from := 0
	for i := range shape {
		if added[i] {
			shape[i] = graph.Known(1)
			continue
		}
		shape[i] = in[0].Shape[from]
		from++
	}
	out := in[0].With(shape...)
	if dims, ok := intsOf(in[0]); ok {
		out = withValue(out, dims)
	}
	return oneType(out)
}

// Eval is the definition.
func (UnsqueezeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(in[0].Unsqueeze(tensor.Ints(in[1])...))
}

// Grad is dx = g in the shape of x.
func (UnsqueezeOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{ReshapeLike(g[0], in[0]), nil}
}
