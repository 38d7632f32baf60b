package tensor

import "fmt"

// Concat joins tensors along an existing axis; their other extents agree and
// their types promote to one.
func Concat(axis int, ts ...*Tensor) *Tensor {
	if len(ts) == 0 {
		panic(&ShapeError{"concat", nil, "no operands"})
	}
	dt, shapes := commonType("concat", ts)
	axis = axisOf("concat", axis, ts[0].Rank(), shapes...)
	shape := ts[0].shape.Clone()
	shape[axis] = 0
	for _, t := range ts {
		if t.Rank() != len(shape) {
			panic(&ShapeError{"concat", shapes, "ranks differ"})
		}
		for i, n := range t.shape {
			if i != axis && n != shape[i] {
				panic(&ShapeError{"concat", shapes, fmt.Sprintf("extents %d and %d of axis %d differ", shape[i], n, i)})
			}
		}
		shape[axis] += t.shape[axis]
		checkShape("concat", shape, dt.Size())
	}
	out := New(dt, shape...)
	at := 0
	for _, t := range ts {
		end := at + t.shape[axis]
		CopyInto(out.Slice(axis, at, end, 1), Cast(t, dt))
		at = end
	}
	return out
}

// Stack joins tensors of one shape along a new axis of the result.
func Stack(axis int, ts ...*Tensor) *Tensor {
	wider := make([]*Tensor, len(ts))
	for i, t := range ts {
		if !t.shape.Equal(ts[0].shape) {
			panic(&ShapeError{"stack", []Shape{ts[0].shape, t.shape}, "shapes differ"})
		}
		wider[i] = t.Unsqueeze(axis)
	}
	return Concat(axis, wider...)
}

// Split cuts t along axis into views of the given sizes, which add up to its
// extent.
func Split(t *Tensor, axis int, sizes ...int) []*Tensor {
	axis = axisOf("split", axis, t.Rank(), t.shape)
	parts := make([]*Tensor, len(sizes))
	at := 0
	for i, n := range sizes {
		if n < 0 || n > t.shape[axis]-at {
			panic(&ShapeError{"split", []Shape{t.shape}, fmt.Sprintf("sizes %v do not fit axis %d", sizes, axis)})
		}
		parts[i] = t.Slice(axis, at, at+n, 1)
		at += n
	}
	if at != t.shape[axis] {
		panic(&ShapeError{"split", []Shape{t.shape}, fmt.Sprintf("sizes %v do not add up to axis %d", sizes, axis)})
	}
	return parts
}

// Tile returns t repeated reps[i] times along axis i; reps has one number per
// axis.
func Tile(t *Tensor, reps ...int) *Tensor {
	if len(reps) != t.Rank() {
		panic(&ShapeError{"tile", []Shape{t.shape}, fmt.Sprintf("%d repeats for %d axes", len(reps), t.Rank())})
	}
	// Each axis n becomes the pair of a new axis reps[i] and n.
	view, spread, shape := Shape{}, Shape{}, Shape{}
	for i, n := range t.shape {
		if reps[i] < 0 {
			panic(&ShapeError{"tile", []Shape{t.shape}, fmt.Sprintf("repeats %v are negative", reps)})
		}
		view, spread, shape = append(view, 1, n), append(spread, reps[i], n), append(shape, reps[i]*n)
	}
	return t.Reshape(view...).BroadcastTo(spread).Clone().Reshape(shape...)
}

// Repeat returns t with each element along axis repeated count times in place:
// [a b] becomes [a a b b].
func Repeat(t *Tensor, axis, count int) *Tensor {
	axis = axisOf("repeat", axis, t.Rank(), t.shape)
	if count < 0 {
		panic(&ShapeError{"repeat", []Shape{t.shape}, fmt.Sprintf("count %d is negative", count)})
	}
	t = t.Unsqueeze(axis + 1)
	spread := t.shape.Clone()
	spread[axis+1] = count
	shape := append(spread[:axis:axis], spread[axis]*count)
	return t.BroadcastTo(spread).Clone().Reshape(append(shape, spread[axis+2:]...)...)
}

// Flip returns a view of t in reverse order along the given axes, all of them
// for none.
func Flip(t *Tensor, axes ...int) *Tensor {
	for axis, on := range axesOf("flip", axes, t.shape) {
		if on {
			t = reversed(t, axis)
		}
	}
	return t
}

func reversed(t *Tensor, axis int) *Tensor {
	n := t.shape[axis]
	return t.Slice(axis, n-1, -n-1, -1)
}

// commonType returns the type to which all operands promote, and their shapes.
func commonType(op string, ts []*Tensor) (DType, []Shape) {
	shapes := make([]Shape, len(ts))
	for i, t := range ts {
		shapes[i] = t.shape
	}
	dt := promoteAll(ts)
	if dt == Invalid {
		panic(&ShapeError{op, shapes, "element types do not meet"})
	}
	return dt, shapes
}
