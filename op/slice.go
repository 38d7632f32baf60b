package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SliceOp cuts start:end:step out of some axes, as Python's slices: bounds below 0
// count from the end and bounds outside are moved to it. Without axes the bounds
// are those of the first axes; without steps they are 1.
type SliceOp struct{}

// Slice is start:end:step of one axis of x; [math.MaxInt] is the end.
func Slice(x *graph.Value, axis, start, end, step int) *graph.Value {
	return apply1(SliceOp{}, x, Ints(x, start), Ints(x, end), Ints(x, axis), Ints(x, step))
}

// Spec describes the operator.
func (o SliceOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Slice", Since: 13, Formula: "y = x[start:end:step] of some axes", Source: standard,
		Inputs: []string{"data", "starts", "ends", "axes?", "steps?"}, Outputs: []string{"output"},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case { return sliceCases(o, false) },
	}
}

// sliceCases are those of Slice and, with the gradient before the data, SliceGrad.
func sliceCases(o graph.Op, gradient bool) []graph.Case {
	in := func(result []int, data graph.Arg, bounds ...graph.Arg) []graph.Arg {
		args := append([]graph.Arg{data}, bounds...)
		if gradient {
			args = append([]graph.Arg{graph.Rand(result...)}, args...)
		}
		return args
	}
	const end = 1<<63 - 1
	return []graph.Case{
		{Op: o, In: in([]int{3, 2}, graph.Rand(5, 4), intsArg(1, 0), intsArg(4, 2))},
		{Name: "one axis", Op: o, In: in([]int{5, 2}, graph.Rand(5, 4), intsArg(-3), intsArg(-1), intsArg(1))},
		{Name: "to the end", Op: o, In: in([]int{5, 3}, graph.Rand(5, 4), intsArg(1), intsArg(end), intsArg(-1))},
		{Name: "step", Op: o, In: in([]int{3, 4}, graph.Rand(6, 4), intsArg(0), intsArg(end), intsArg(0), intsArg(2))},
		{Name: "backward", Op: o, In: in([]int{3, 4}, graph.Rand(6, 4), intsArg(-1), intsArg(-end), intsArg(0), intsArg(-2))},
		{Name: "nothing", Op: o, In: in([]int{0, 4}, graph.Rand(6, 4), intsArg(3), intsArg(2))},
	}
}

// cut is a slice of one axis.
type cut struct{ axis, start, end, step int }

// cuts are the slices that starts, ends, axes and steps ask for; the last two may
// be nil.
func cuts(bounds [][]int, rank int) ([]cut, error) {
	starts, ends, axes, steps := bounds[0], bounds[1], bounds[2], bounds[3]
	if axes == nil {
		for i := range starts {
			axes = append(axes, i)
		}
	}
	if steps == nil {
		for range starts {
			steps = append(steps, 1)
		}
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || len(steps) != len(starts) {
		return nil, fmt.Errorf("there are %d starts, %d ends, %d axes and %d steps", len(starts), len(ends), len(axes), len(steps))
	}
	axes, err := axesOf(axes, rank)
	if err != nil {
		return nil, err
	}
	out := make([]cut, len(starts))
	for i := range out {
		if steps[i] == 0 {
			return nil, fmt.Errorf("the step of axis %d is 0", axes[i])
		}
		out[i] = cut{axes[i], starts[i], ends[i], steps[i]}
	}
	return out, nil
}

// typeCuts are the slices known from types: inputs 1… of in.
func typeCuts(in []graph.Type) ([]cut, error) {
	bounds := make([][]int, 4)
	for i := range bounds {
		if !has(in, 1+i) {
			continue
		}
		values, ok := constInts(in[1+i])
		if !ok {
			return nil, fmt.Errorf("the bounds must be known while the graph is built")
		}
		bounds[i] = append([]int{}, values...)
	}
	return cuts(bounds, in[0].Rank())
}

// valueCuts are the slices of Eval.
func valueCuts(in []*tensor.Tensor) ([]cut, error) {
	bounds := make([][]int, 4)
	for i := range bounds {
		if t := arg(in, 1+i); t != nil {
			bounds[i] = append([]int{}, tensor.Ints(t)...)
		}
	}
	return cuts(bounds, in[0].Rank())
}

// extent is how many indices of an axis of n elements the slice has.
func (c cut) extent(n graph.Dim) graph.Dim {
	if k, known := n.Size(); known {
		axis := tensor.Scalar(false).BroadcastTo(tensor.Shape{k}) // has the extent, but no memory
		return graph.Known(axis.Slice(0, c.start, c.end, c.step).Len())
	}
	if c.step == 1 && c.end >= 1<<30 && c.start >= 0 {
		return n.Add(graph.Known(-c.start)) // the axis is taken to be longer than that
	}
	if c.step == 1 && c.end < 0 && c.start >= 0 {
		return n.Add(graph.Known(c.end - c.start))
	}
	if c.step == 1 && c.start < 0 && c.end >= 1<<30 {
		return graph.Known(-c.start)
	}
	return graph.Sym(fmt.Sprintf("slice(%v,%d,%d,%d)", n, c.start, c.end, c.step))
}

// Upgrade makes the bounds and axes inputs, which they are since opset 10.
func (SliceOp) Upgrade(n *OldNode) error { return n.toInputs("starts", "ends", "axes") }

// Infer counts the indices and follows the values of shapes.
func (SliceOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 5); err != nil {
		return nil, err
	}
	cuts, err := typeCuts(in)
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape.Clone()
	for _, c := range cuts {
		shape[c.axis] = c.extent(shape[c.axis])
	}
	out := in[0].With(shape...)
	if dims, ok := intsOf(in[0]); ok && len(cuts) == 1 {
		out = withValue(out, takeCut(dims, cuts[0]))
	}
	return oneType(out)
}

// takeCut is the slice of a list.
func takeCut(dims []graph.Dim, c cut) []graph.Dim {
	at := make([]int64, len(dims))
	for i := range at {
		at[i] = int64(i)
	}
	var out []graph.Dim
	for _, i := range tensor.Ints(tensor.Of(at, len(at)).Slice(0, c.start, c.end, c.step)) {
		out = append(out, dims[i])
	}
	return out
}

// View is where the slice of concrete inputs lies in the contiguous data: the
// place of its first element and its strides, in elements.
func (SliceOp) View(in []graph.Type) (offset int, strides []int, err error) {
	cuts, err := typeCuts(in)
	if err != nil {
		return 0, nil, err
	}
	shape, _ := in[0].Shape.Concrete()
	strides = make([]int, len(shape))
	for d, step := len(shape)-1, 1; d >= 0; d-- {
		strides[d] = step
		step *= shape[d]
	}
	for _, c := range cuts {
		n, start := shape[c.axis], c.start
		if start < 0 {
			start += n
		}
		start = max(start, 0)
		if c.step < 0 {
			start = min(start, n-1)
		}
		offset += start * strides[c.axis]
		strides[c.axis] *= c.step
		extent, _ := c.extent(graph.Known(n)).Size()
		shape[c.axis] = extent
	}
	return offset, strides, nil
}

// Eval is the definition.
func (SliceOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	cuts, err := valueCuts(in)
	if err != nil {
		return nil, err
	}
	return one(sliced(in[0], cuts))
}

// sliced is the view of x that the cuts leave.
func sliced(x *tensor.Tensor, cuts []cut) *tensor.Tensor {
	for _, c := range cuts {
		x = x.Slice(c.axis, c.start, c.end, c.step)
	}
	return x
}

// Grad puts g into zeros: dx = SliceGrad(g).
func (SliceOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	d := make([]*graph.Value, len(in))
	d[0] = apply1(SliceGradOp{}, append([]*graph.Value{g[0]}, in...)...)
	return d
}
