package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ScatterNDOp is data with the updates written at tuples of indices, the reverse of
// GatherND; Reduction "add", "mul", "max" or "min" combines them with what is
// there, in the order of the updates.
type ScatterNDOp struct {
	Reduction string `onnx:"reduction" default:"none"`
}

// ScatterND writes updates into data at the tuples of indices on the last axis of
// indices.
func ScatterND(data, indices, updates *graph.Value, attrs ScatterNDOp) *graph.Value {
	return apply1(attrs, data, indices, updates)
}

// Spec describes the operator.
func (o ScatterNDOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "ScatterND", Since: 18, Formula: "y = data; y[indices[i,0], indices[i,1], …] = updates[i]", Source: standard,
		Inputs: []string{"data", "indices", "updates"}, Outputs: []string{"output"}, ULP: 8,
		Cases: func() []graph.Case {
			distinct := graph.Given(tensor.Of([]int64{2, 0, -2, 3}, 2, 2))
			cases := []graph.Case{
				{Name: "elements", Op: ScatterNDOp{}, In: []graph.Arg{graph.Rand(3, 4), distinct, graph.Rand(2)}},
				{Name: "rows", Op: ScatterNDOp{}, In: []graph.Arg{graph.Rand(3, 4), graph.Given(tensor.Of([]int64{2, 0}, 2, 1)), graph.Rand(2, 4)}},
			}
			for _, r := range reductions[1:] {
				c := graph.Case{Name: r, Op: ScatterNDOp{Reduction: r}, In: []graph.Arg{graph.Rand(3, 4), intArg(0, 2, 5, 4, 1), graph.Rand(5, 4, 4)}}
				if r != "add" {
					c.NoGrad = "only none and add have a gradient"
				}
				cases = append(cases, c)
			}
			return cases
		},
	}
}

// Infer gives the type of data.
func (o ScatterNDOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	if err := wantReduction(o.Reduction, in); err != nil {
		return nil, err
	}
	slices, err := GatherNDOp{}.Infer(in[:2])
	if err != nil {
		return nil, err
	}
	if err := wantShape("updates", in[2], slices[0].Shape); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[0].Shape...))
}

// Eval is the definition.
func (o ScatterNDOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	to, err := GatherNDOp{}.sources(in[0].Shape(), in[1])
	if err != nil {
		return nil, err
	}
	return one(scattered(in[0], to, in[2], o.Reduction))
}

// Grad is that of add, ddata = g, dupdates = g at the indices; or of none, where
// what was overwritten gets nothing and indices are taken to be distinct. The
// other reductions have none.
func (o ScatterNDOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	updates := GatherND(g[0], in[1])
	switch or(o.Reduction, "none") {
	case "add":
		return []*graph.Value{g[0], nil, updates}
	case "none":
		return []*graph.Value{ScatterND(g[0], in[1], Filled(in[2], 0), o), nil, updates}
	}
	panic(&tensor.ShapeError{Op: "ScatterND", Detail: fmt.Sprintf("the reduction %q has no gradient", o.Reduction)})
}
