package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// maxKnown is the most elements of a value that inference carries along: shapes,
// axes and scalars, never weights.
const maxKnown = 256

// intsOf is the known value of an integer scalar or vector as dimensions.
func intsOf(t graph.Type) ([]graph.Dim, bool) {
	if !t.DType.IsInteger() || t.Rank() > 1 || t.Const != nil && t.Const.Len() > maxKnown {
		return nil, false
	}
	return t.Ints()
}

// constInts is the known value of an integer scalar or vector without symbols.
func constInts(t graph.Type) ([]int, bool) {
	dims, ok := intsOf(t)
	if !ok {
		return nil, false
	}
	out := make([]int, len(dims))
	for i, d := range dims {
		n, known := d.Size()
		if !known {
			return nil, false
		}
		out[i] = n
	}
	return out, true
}

// extentsOf is the known value of a shape given as an input.
func extentsOf(t graph.Type) (graph.Shape, error) {
	dims, ok := intsOf(t)
	if !ok {
		return nil, fmt.Errorf("the shape must be known while the graph is built")
	}
	for _, d := range dims {
		if n, known := d.Size(); known && n < 0 {
			return nil, fmt.Errorf("the shape %v has a negative extent", graph.Shape(dims))
		}
	}
	return graph.Shape(dims), nil
}

// withValue is type t with the value dims, if t is an int64 or int32 scalar or
// vector that can hold it.
func withValue(t graph.Type, dims []graph.Dim) graph.Type {
	if t.DType != tensor.Int64 && t.DType != tensor.Int32 || t.Rank() > 1 || len(dims) > maxKnown {
		return t
	}
	if !t.Shape.Len().Is(len(dims)) {
		return t
	}
	shape, _ := t.Shape.Concrete()
	values := make([]int64, len(dims))
	for i, d := range dims {
		n, known := d.Size()
		if !known {
			t.Dims = dims
			return t
		}
		values[i] = int64(n)
	}
	t.Const = tensor.Cast(tensor.Of(values, shape...), t.DType)
	return t
}

// combine gives the output of an elementwise operator its value, where that
// follows from the values of two integer scalars or vectors.
func combine(out, a, b graph.Type, f func(a, b graph.Dim) (graph.Dim, bool)) graph.Type {
	as, okA := intsOf(a)
	bs, okB := intsOf(b)
	n, known := out.Shape.Len().Size()
	if !okA || !okB || !known || len(as) == 0 || len(bs) == 0 {
		return out
	}
	dims := make([]graph.Dim, n)
	for i := range dims {
		d, ok := f(as[i%len(as)], bs[i%len(bs)])
		if n, known := d.Size(); !ok || known && (n == math.MaxInt || n == math.MinInt) { // a bounded sum is not the value
			return out
		}
		dims[i] = d
	}
	return withValue(out, dims)
}

// fold gives the outputs their values where those of all inputs are known and
// small.
func fold(o graph.Op, in, out []graph.Type) []graph.Type {
	args := make([]*tensor.Tensor, len(in))
	for i, t := range in {
		if t.Present() && (t.Const == nil || t.Const.Len() > maxKnown) {
			return out
		}
		args[i] = t.Const
	}
	for _, t := range out {
		if n, known := t.Shape.Len().Size(); !known || n > maxKnown {
			return out
		}
	}
	results, err := o.Eval(args)
	if err != nil {
		return out
	}
	folded := slices.Clone(out)
	for i, r := range results {
		folded[i].Const = r
	}
	return folded
}
