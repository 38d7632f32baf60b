package tensor

import (
	"fmt"
	"math"
)

// PadMode says what [Pad] puts outside the tensor.
type PadMode uint8

// The modes of [Pad], named as in NumPy and ONNX; in the comments, what lies
// around [a b c d].
const (
	PadConstant PadMode = iota // v v [a b c d] v v
	PadReflect                 // c b [a b c d] c b
	PadEdge                    // a a [a b c d] d d
	PadWrap                    // c d [a b c d] a b
)

// maxPad bounds a pad, so that no sum looks like a small one.
const maxPad = math.MaxInt / 4

// Pad returns t with before[i] elements added in front of axis i and after[i]
// behind it; negative numbers remove elements first. value is the scalar that
// PadConstant fills in, nil for zero; it has t's type. The other modes need an
// element on each axis that grows.
func Pad(t *Tensor, before, after []int, mode PadMode, value *Tensor) *Tensor {
	if len(before) != t.Rank() || len(after) != t.Rank() {
		panic(&ShapeError{"pad", []Shape{t.shape}, fmt.Sprintf("pads %v and %v do not match the rank", before, after)})
	}
	shape := t.shape.Clone()
	whole := t
	for axis, n := range t.shape {
		if b, a := before[axis], after[axis]; min(b, a) < -maxPad || max(b, a) > maxPad {
			panic(&ShapeError{"pad", []Shape{t.shape}, fmt.Sprintf("pads %d and %d of axis %d are beyond %d", b, a, axis, maxPad)})
		}
		shape[axis] = before[axis] + n + after[axis]
		if shape[axis] < 0 {
			panic(&ShapeError{"pad", []Shape{t.shape}, fmt.Sprintf("axis %d shrinks by more than its extent", axis)})
		}
		t = t.Slice(axis, max(-before[axis], 0), max(n-max(-after[axis], 0), 0), 1)
	}
	if mode == PadConstant {
		return padConstant(t, shape, before, value)
	}
	for axis, n := range shape {
		if extent := t.shape[axis]; extent != n {
			if extent == 0 {
				panic(&ShapeError{"pad", []Shape{t.shape}, fmt.Sprintf("axis %d has no element to repeat", axis)})
			}
			idx := make([]int, n)
			for i := range idx {
				idx[i] = mode.source(i-max(before[axis], 0), extent)
			}
			t = takeAlong(t, axis, idx)
		}
	}
	if MayShareMemory(t, whole) {
		return t.Clone()
	}
	return t
}

func padConstant(t *Tensor, shape Shape, before []int, value *Tensor) *Tensor {
	out := New(t.dtype, shape...)
	if value != nil {
		CopyInto(out, value)
	}
	inside := out
	for axis, n := range t.shape {
		at := max(before[axis], 0)
		inside = inside.Slice(axis, at, at+n, 1)
	}
	CopyInto(inside, t)
	return out
}

// source returns which of n elements stands at position i, which may be outside.
func (m PadMode) source(i, n int) int {
	switch m {
	case PadEdge:
		return min(max(i, 0), n-1)
	case PadWrap:
		return modulo(i, n)
	}
	if n == 1 {
		return 0
	}
	period := 2 * (n - 1)
	i = modulo(i, period)
	return min(i, period-i)
}

// modulo returns i mod n in [0, n).
func modulo(i, n int) int {
	if i %= n; i < 0 {
		i += n
	}
	return i
}
