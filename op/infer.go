package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// expect checks that the first n inputs are present and that there are no more
// than most.
func expect(in []graph.Type, n, most int) error {
	if len(in) > most {
		return fmt.Errorf("takes %s, given %d", countInputs(n, most), len(in))
	}
	for i := range n {
		if i >= len(in) || !in[i].Present() {
			return fmt.Errorf("takes %s; input %d is missing", countInputs(n, most), i)
		}
	}
	for i, t := range in {
		if t.Present() && t.Kind != graph.KindTensor {
			return fmt.Errorf("input %d must be a tensor, not a %v", i, t)
		}
	}
	return nil
}

func countInputs(n, most int) string {
	switch {
	case n == most && n == 1:
		return "1 input"
	case n == most:
		return fmt.Sprintf("%d inputs", n)
	}
	return fmt.Sprintf("%d to %d inputs", n, most)
}

// has tells whether the optional input i is given.
func has(in []graph.Type, i int) bool { return i < len(in) && in[i].Present() }

// arg is the optional input i of Eval, or nil.
func arg(in []*tensor.Tensor, i int) *tensor.Tensor {
	if i < len(in) {
		return in[i]
	}
	return nil
}

// optional is the optional input i of a node, or nil.
func optional(in []*graph.Value, i int) *graph.Value {
	if i < len(in) {
		return in[i]
	}
	return nil
}

// sameDType checks that all present inputs have the same element type.
func sameDType(in ...graph.Type) error {
	var first graph.Type
	for _, t := range in {
		switch {
		case !t.Present():
		case !first.Present():
			first = t
		case t.DType != first.DType:
			return fmt.Errorf("inputs have the element types %v and %v: cast one of them", first.DType, t.DType)
		}
	}
	return nil
}

// wantFloat checks that an input holds floating-point numbers.
func wantFloat(t graph.Type) error {
	if !t.IsFloat() {
		return fmt.Errorf("expects floating-point numbers, given %v: cast it", t.DType)
	}
	return nil
}

// wantNumber checks that an input holds numbers.
func wantNumber(t graph.Type) error {
	if !t.DType.IsFloat() && !t.DType.IsInteger() {
		return fmt.Errorf("expects numbers, given %v: cast it", t.DType)
	}
	return nil
}

// wantDType checks the element type of an input.
func wantDType(what string, t graph.Type, allowed ...tensor.DType) error {
	for _, dt := range allowed {
		if t.DType == dt {
			return nil
		}
	}
	return fmt.Errorf("%s must be of type %v, not %v", what, allowed, t.DType)
}

// wantRank checks the number of dimensions of an input.
func wantRank(what string, t graph.Type, rank int) error {
	if t.Rank() != rank {
		return fmt.Errorf("%s must have %d dimensions, but its shape is %v", what, rank, t.Shape)
	}
	return nil
}

// differ tells whether two dimensions are known to be different.
func differ(a, b graph.Dim) bool { return a.IsKnown() && b.IsKnown() && a != b }

// wantShape checks that an input has the given shape where both are known.
func wantShape(what string, t graph.Type, want graph.Shape) error {
	ok := t.Rank() == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = !differ(t.Shape[i], want[i])
	}
	if !ok {
		return fmt.Errorf("%s must have the shape %v, but has %v", what, want, t.Shape)
	}
	return nil
}

// wantScalar checks that an input has one element.
func wantScalar(what string, t graph.Type) error {
	if n := t.Shape.Len(); !n.Is(1) {
		return fmt.Errorf("%s must be a scalar, but its shape is %v", what, t.Shape)
	}
	return nil
}

// axisOf is the axis counted from the front, for an axis that may be negative.
func axisOf(axis, rank int) (int, error) {
	a := axis
	if a < 0 {
		a += rank
	}
	if a < 0 || a >= rank {
		return 0, fmt.Errorf("axis %d is outside the %d dimensions of the input", axis, rank)
	}
	return a, nil
}

// axesOf is a list of distinct axes counted from the front.
func axesOf(axes []int, rank int) ([]int, error) {
	out := make([]int, len(axes))
	seen := make([]bool, rank)
	for i, axis := range axes {
		a, err := axisOf(axis, rank)
		if err != nil {
			return nil, err
		}
		if seen[a] {
			return nil, fmt.Errorf("axis %d is given twice in %v", axis, axes)
		}
		seen[a] = true
		out[i] = a
	}
	return out, nil
}

// one is the result of an operator with one output.
func one(t *tensor.Tensor) ([]*tensor.Tensor, error) {
	return []*tensor.Tensor{t.Contiguous()}, nil
}

// oneType is the inferred type of an operator with one output.
func oneType(t graph.Type) ([]graph.Type, error) { return []graph.Type{t}, nil }

// elements counts the elements of a concrete type.
func elements(t graph.Type) int64 {
	n, _ := t.Shape.Len().Size()
	return int64(n)
}

// noFLOPs is the count of operators that only move values.
func noFLOPs(_, _ []graph.Type) int64 { return 0 }
