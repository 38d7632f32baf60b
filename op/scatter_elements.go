package op

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ScatterElementsOp is data with the updates written at the indices along an
// axis, the reverse of GatherElements; Reduction "add", "mul", "max" or "min"
// combines them with what is there, in the order of the updates.
type ScatterElementsOp struct {
	Axis      int    `onnx:"axis"`
	Reduction string `onnx:"reduction" default:"none"`
}

// ScatterElements writes updates into data at the indices along an axis.
func ScatterElements(data, indices, updates *graph.Value, attrs ScatterElementsOp) *graph.Value {
	return apply1(attrs, data, indices, updates)
}

// reductions are the ways to combine an update with what is there.
var reductions = []string{"none", "add", "mul", "max", "min"}

// Spec describes the operator.
func (o ScatterElementsOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "ScatterElements", Since: 18, Formula: "y = data; y[i][indices[i][j]] = updates[i][j] for axis 1", Source: standard,
		Inputs: []string{"data", "indices", "updates"}, Outputs: []string{"output"}, ULP: 8,
		Cases: func() []graph.Case {
			distinct := graph.Given(tensor.Of([]int64{0, 2, 1, 0, 2, -1}, 3, 2))
			cases := []graph.Case{{Op: ScatterElementsOp{Axis: 1}, In: []graph.Arg{graph.Rand(3, 4), distinct, graph.Rand(3, 2)}}}
			for _, r := range reductions[1:] {
				c := graph.Case{Name: r, Op: ScatterElementsOp{Axis: 1, Reduction: r}, In: []graph.Arg{graph.Rand(9, 10), intArg(-10, 9, 9, 4), graph.Rand(9, 4)}}
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
func (o ScatterElementsOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	if err := wantReduction(o.Reduction, in); err != nil {
		return nil, err
	}
	if _, err := (GatherElementsOp{Axis: o.Axis}).Infer(in[:2]); err != nil {
		return nil, err
	}
	if err := wantShape("updates", in[2], in[1].Shape); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[0].Shape...))
}

// wantReduction checks the reduction of data, in[0], with updates, in[2].
func wantReduction(reduction string, in []graph.Type) error {
	if !slices.Contains(reductions, or(reduction, "none")) {
		return fmt.Errorf("reduction is %q: want one of %v", reduction, reductions)
	}
	if or(reduction, "none") != "none" {
		if err := wantNumber(in[0]); err != nil {
			return err
		}
	}
	return sameDType(in[0], in[2])
}

// Eval is the definition.
func (o ScatterElementsOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	to, err := elementSources(o.Axis, in[0].Shape(), in[1])
	if err != nil {
		return nil, err
	}
	return one(scattered(in[0], to, in[2], o.Reduction))
}

// scattered is data in which each update i is combined with element to[i], both
// counted in row-major order.
func scattered(data *tensor.Tensor, to []int, updates *tensor.Tensor, reduction string) *tensor.Tensor {
	y := data.Clone()
	flat, from := y.Reshape(-1), updates.Contiguous().Reshape(-1)
	for i, k := range to {
		place, v := flat.Index(0, k), from.Index(0, i)
		switch reduction {
		case "add":
			v = tensor.Add(place, v)
		case "mul":
			v = tensor.Mul(place, v)
		case "max":
			v = tensor.Maximum(place, v)
		case "min":
			v = tensor.Minimum(place, v)
		}
		tensor.CopyInto(place, v)
	}
	return y
}

// Grad is that of add, ddata = g, dupdates = g at the indices; or of none, where
// what was overwritten gets nothing and indices are taken to be distinct. The
// other reductions have none.
func (o ScatterElementsOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	updates := GatherElements(g[0], in[1], o.Axis)
	switch or(o.Reduction, "none") {
	case "add":
		return []*graph.Value{g[0], nil, updates}
	case "none":
		return []*graph.Value{ScatterElements(g[0], in[1], Filled(in[2], 0), o), nil, updates}
	}
	panic(&tensor.ShapeError{Op: "ScatterElements", Detail: fmt.Sprintf("the reduction %q has no gradient", o.Reduction)})
}
