package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SqueezeOp removes the given axes, whose extents are 1; without axes, every axis
// of extent 1.
type SqueezeOp struct{}

// Squeeze removes the axes, whose extents are 1; without axes, all such.
func Squeeze(x *graph.Value, axes ...int) *graph.Value {
	if len(axes) == 0 {
		return apply1(SqueezeOp{}, x)
	}
	return apply1(SqueezeOp{}, x, Ints(x, axes...))
}

// Spec describes the operator.
func (o SqueezeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Squeeze", Since: 21, Formula: "y = x without axes of extent 1", Source: standard,
		Inputs: []string{"data", "axes?"}, Outputs: []string{"squeezed"},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{graph.Rand(1, 3, 1, 4)}},
				{Name: "axes", Op: o, In: []graph.Arg{graph.Rand(1, 3, 1, 4), intsArg(-2)}},
			}
		},
	}
}

// Upgrade makes the axes an input, which they are since opset 13.
func (SqueezeOp) Upgrade(n *OldNode) error { return n.toInput("axes", 1) }

// Infer checks the extents and follows the values of shapes.
func (SqueezeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 2); err != nil {
		return nil, err
	}
	drop := make([]bool, in[0].Rank())
	if has(in, 1) {
		axes, err := knownAxes(in[1], in[0].Rank())
		if err != nil {
			return nil, err
		}
		for _, a := range axes {
			if n, known := in[0].Shape[a].Size(); known && n != 1 {
				return nil, fmt.Errorf("axis %d of the shape %v has extent %d, not 1", a, in[0].Shape, n)
			}
			drop[a] = true
		}
	}
	shape := graph.Shape{}
	for i, d := range in[0].Shape {
		if !drop[i] && (has(in, 1) || !d.Is(1)) {
			shape = append(shape, d)
		}
	}
	out := in[0].With(shape...)
	if dims, ok := intsOf(in[0]); ok {
		out = withValue(out, dims)
	}
	return oneType(out)
}

// knownAxes are axes given as an input, counted from the front.
func knownAxes(t graph.Type, rank int) ([]int, error) {
	axes, ok := constInts(t)
	if !ok {
		return nil, fmt.Errorf("the axes must be known while the graph is built")
	}
	return axesOf(axes, rank)
}

// Eval is the definition.
func (SqueezeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if axes := arg(in, 1); axes != nil {
		return one(in[0].Squeeze(append([]int{}, tensor.Ints(axes)...)...))
	}
	return one(in[0].Squeeze())
}

// Grad is dx = g in the shape of x.
func (SqueezeOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{ReshapeLike(g[0], in[0])}
}
