package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// PadOp adds elements before and after each axis, or of the given axes; negative
// pads crop. Mode says which: "constant" (a value, by default 0), "reflect" (without
// repeating the edge), "edge" or "wrap". The pads are a vector of all that go
// before, then all that go after.
type PadOp struct {
	Mode string `onnx:"mode" default:"constant"`
}

// Pad adds before[i] and after[i] elements of value 0 to axis i.
func Pad(x *graph.Value, before, after []int) *graph.Value {
	return apply1(PadOp{}, x, Ints(x, slices.Concat(before, after)...))
}

// Spec describes the operator.
func (o PadOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Pad", Since: 21, Formula: "y = x with elements added around it", Source: standard,
		Inputs: []string{"data", "pads", "constant_value?", "axes?"}, Outputs: []string{"output"},
		Cases: func() []graph.Case {
			cases := []graph.Case{
				{Op: PadOp{}, In: []graph.Arg{graph.Rand(3, 4), intsArg(1, 0, 2, 3)}},
				{Name: "value", Op: PadOp{}, In: []graph.Arg{graph.Rand(2, 2), intsArg(0, 1, 1, 0), graph.Rand()}},
				{Name: "crop", Op: PadOp{}, In: []graph.Arg{graph.Rand(4, 5), intsArg(-1, 1, 0, -2)}},
				{Name: "axes", Op: PadOp{}, In: []graph.Arg{graph.Rand(2, 3, 4), intsArg(1, 2), {Omitted: true}, intsArg(-1)}},
				{Name: "empty", Op: PadOp{}, In: []graph.Arg{graph.Rand(0, 2), intsArg(1, 0, 1, 0)}},
			}
			for _, mode := range padModes[1:] {
				cases = append(cases,
					graph.Case{Name: mode, Op: PadOp{Mode: mode}, In: []graph.Arg{graph.Rand(3, 4), intsArg(2, 1, 1, 3)}},
					graph.Case{Name: mode + " axes", Op: PadOp{Mode: mode}, In: []graph.Arg{graph.Rand(2, 4, 5), intsArg(1, 2, 3, 1), {Omitted: true}, intsArg(1, 2)}})
			}
			return cases
		},
	}
}

var padModes = []string{"constant", "reflect", "edge", "wrap"}

// maxPad bounds a pad, so that no sum overflows.
const maxPad = math.MaxInt / 4

// margins are how many elements go before and after each axis.
func margins(pads, axes []int, rank int) (before, after []int, err error) {
	if axes == nil {
		for i := range rank {
			axes = append(axes, i)
		}
	}
	if len(pads) != 2*len(axes) {
		return nil, nil, fmt.Errorf("there are %d pads for %d axes: want one before and one after each", len(pads), len(axes))
	}
	if axes, err = axesOf(axes, rank); err != nil {
		return nil, nil, err
	}
	before, after = make([]int, rank), make([]int, rank)
	for i, a := range axes {
		before[a], after[a] = pads[i], pads[len(axes)+i]
		if min(before[a], after[a]) < -maxPad || max(before[a], after[a]) > maxPad {
			return nil, nil, fmt.Errorf("pads %d and %d of axis %d are beyond %d", before[a], after[a], a, maxPad)
		}
	}
	return before, after, nil
}

// Upgrade makes the pads and the value inputs, which they are since opset 11.
func (PadOp) Upgrade(n *OldNode) error { return n.toInputs("pads", "value") }

// Infer adds the margins to the extents.
func (o PadOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 4); err != nil {
		return nil, err
	}
	mode := or(o.Mode, "constant")
	if !slices.Contains(padModes, mode) {
		return nil, fmt.Errorf("mode is %q: want one of %v", mode, padModes)
	}
	if has(in, 2) {
		if err := sameDType(in[0], in[2]); err != nil {
			return nil, err
		}
		if err := wantScalar("the constant", in[2]); err != nil {
			return nil, err
		}
	}
	pads, ok := constInts(in[1])
	var axes []int
	if has(in, 3) && ok {
		axes, ok = constInts(in[3])
	}
	if !ok {
		return nil, fmt.Errorf("the pads and axes must be known while the graph is built")
	}
	before, after, err := margins(pads, axes, in[0].Rank())
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape.Clone()
	for a, d := range shape {
		shape[a] = d.Add(graph.Known(before[a] + after[a]))
		if n, known := d.Size(); known {
			if err := o.fits(n, before[a], after[a]); err != nil {
				return nil, fmt.Errorf("axis %d of the shape %v: %w", a, in[0].Shape, err)
			}
		}
	}
	return oneType(in[0].With(shape...))
}

// fits checks the margins of an axis of n elements.
func (o PadOp) fits(n, before, after int) error {
	switch {
	case n+before+after < 0:
		return fmt.Errorf("pads %d and %d crop more than its %d elements", before, after, n)
	case o.Mode == "reflect" && max(before, after) >= max(n, 1):
		return fmt.Errorf("pads %d and %d reflect more than its %d elements have", before, after, n)
	case or(o.Mode, "constant") != "constant" && n == 0 && max(before, after) > 0:
		return fmt.Errorf("there is nothing to pad with")
	}
	return nil
}

// source is which of n elements is at position i, which may lie outside; -1 is
// none of them.
func (o PadOp) source(i, n int) int {
	if i >= 0 && i < n {
		return i
	}
	switch o.Mode {
	case "reflect":
		if i < 0 {
			return -i
		}
		return 2*(n-1) - i
	case "edge":
		return min(max(i, 0), n-1)
	case "wrap":
		return ((i % n) + n) % n
	}
	return -1
}

// sources is for each element of the result the element of data that it is, -1
// for the constant.
func (o PadOp) sources(data tensor.Shape, pads, axes *tensor.Tensor) (from []int, shape tensor.Shape, err error) {
	var at []int
	if axes != nil {
		at = append([]int{}, tensor.Ints(axes)...)
	}
	before, after, err := margins(tensor.Ints(pads), at, len(data))
	if err != nil {
		return nil, nil, err
	}
	shape = data.Clone()
	for a := range shape {
		if err := o.fits(data[a], before[a], after[a]); err != nil {
			return nil, nil, err
		}
		shape[a] += before[a] + after[a]
	}
	step := strides(data)
	from = make([]int, shape.Len())
	eachIndex(shape, func(flat int, idx []int) {
		for a, i := range idx {
			k := o.source(i-before[a], data[a])
			if k < 0 {
				from[flat] = -1
				return
			}
			from[flat] += k * step[a]
		}
	})
	return from, shape, nil
}

// Eval is the definition.
func (o PadOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	from, shape, err := o.sources(in[0].Shape(), in[1], arg(in, 3))
	if err != nil {
		return nil, err
	}
	y := pick(in[0], from, shape)
	if value := arg(in, 2); value != nil {
		inside := make([]bool, len(from))
		for i, k := range from {
			inside[i] = k >= 0
		}
		y = tensor.Where(tensor.Of(inside, shape...), y, value.Reshape(tensor.Shape{}...))
	}
	return one(y)
}

// Grad adds each element of g to where it came from: dx = PadGrad(g, x); the
// constant gets the rest.
func (o PadOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	d := make([]*graph.Value, len(in))
	d[0] = apply1(PadGradOp(o), g[0], in[0], in[1], optional(in, 3))
	if value := optional(in, 2); needsGrad(value) && or(o.Mode, "constant") == "constant" {
		rest := Sub(ReduceSum(g[0], nil, false), ReduceSum(d[0], nil, false))
		d[2] = ReshapeLike(rest, value)
	}
	return d
}
