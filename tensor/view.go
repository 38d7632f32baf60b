package tensor

import (
	"fmt"
	"slices"
)

// Reshape returns the elements of t in row-major order under another shape of
// the same length: a view where strides allow it, else a copy. One extent may be
// -1 and is then computed.
func (t *Tensor) Reshape(shape ...int) *Tensor {
	s := resolveShape(t.shape, shape)
	if strides, ok := t.stridesFor(s); ok {
		return t.view(s, strides, t.offset)
	}
	c := t.Clone()
	return c.view(s, rowMajor(s), 0)
}

// resolveShape returns shape with an extent of -1 replaced so that it has as
// many elements as old.
func resolveShape(old, shape Shape) Shape {
	s := shape.Clone()
	infer := -1
	for i, d := range s {
		switch {
		case d == -1 && infer < 0:
			infer, s[i] = i, 1
		case d < 0:
			panic(&ShapeError{"reshape", []Shape{old, shape}, "more than one negative extent, or one below -1"})
		}
	}
	checkShape("reshape", s, 1)
	n, known := old.Len(), s.Len()
	fits := known == n
	if infer >= 0 {
		if fits = known > 0 && n%known == 0; fits {
			s[infer] = n / known
		}
	}
	if !fits {
		panic(&ShapeError{"reshape", []Shape{old, shape}, fmt.Sprintf("%d elements do not fit", n)})
	}
	return s
}

// stridesFor returns the strides that show t under shape s, of the same length,
// without moving elements, if there are such.
func (t *Tensor) stridesFor(s Shape) ([]int, bool) {
	if t.Len() == 0 {
		return rowMajor(s), true
	}
	merged := newLoop(t.shape, t)
	strides := make([]int, len(s))
	// Both shapes are consumed from the last axis; a merged axis may split into
	// several of s, never the reverse.
	axis := len(merged.shape) - 1
	left, step := merged.shape[axis], merged.strides[0][axis]
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == 1 {
			strides[i] = step
			continue
		}
		if left == 1 {
			axis--
			left, step = merged.shape[axis], merged.strides[0][axis]
		}
		if left%s[i] != 0 {
			return nil, false
		}
		strides[i] = step
		step *= s[i]
		left /= s[i]
	}
	return strides, true
}

func (t *Tensor) view(shape Shape, strides []int, offset int) *Tensor {
	return &Tensor{dtype: t.dtype, shape: shape, strides: strides, offset: offset, mem: t.mem, strs: t.strs}
}

// Transpose returns a view whose axis i is axis perm[i] of t; without arguments
// the axes are reversed.
func (t *Tensor) Transpose(perm ...int) *Tensor {
	if len(perm) == 0 {
		for i := t.Rank() - 1; i >= 0; i-- {
			perm = append(perm, i)
		}
	}
	if len(perm) != t.Rank() {
		panic(&ShapeError{"transpose", []Shape{t.shape}, fmt.Sprintf("permutation %v has the wrong length", perm)})
	}
	axesOf("transpose", perm, t.shape)
	shape, strides := make(Shape, len(perm)), make([]int, len(perm))
	for i, p := range perm {
		p = axisOf("transpose", p, t.Rank(), t.shape)
		shape[i], strides[i] = t.shape[p], t.strides[p]
	}
	return t.view(shape, strides, t.offset)
}

// Slice returns the view start:stop:step of one axis, as Python's slices: bounds
// below 0 count from the end, and bounds outside the axis are moved to it. So
// math.MaxInt as stop means the end and, with a negative step, math.MinInt means
// through index 0. A step of 0 panics.
func (t *Tensor) Slice(axis, start, stop, step int) *Tensor {
	axis = axisOf("slice", axis, t.Rank(), t.shape)
	if step == 0 {
		panic(&ShapeError{"slice", []Shape{t.shape}, "step is 0"})
	}
	n := t.shape[axis]
	lo, hi := 0, n
	if step < 0 {
		lo, hi = -1, n-1
	}
	bound := func(i int) int {
		if i < 0 {
			i += n
		}
		return min(max(i, lo), hi)
	}
	start, stop = bound(start), bound(stop)
	count := 0
	switch {
	case step > 0 && stop > start:
		count = (stop-start-1)/step + 1
	case step < 0 && stop < start:
		count = int(uint(start-stop-1)/-uint(step)) + 1
	}
	v := t.view(t.shape.Clone(), slices.Clone(t.strides), t.offset)
	v.shape[axis] = count
	if count > 0 {
		v.offset += start * t.strides[axis]
	}
	if count > 1 {
		v.strides[axis] *= step
	}
	return v
}

// Index returns the view of t at index i of an axis, without that axis; a
// negative i counts from the end.
func (t *Tensor) Index(axis, i int) *Tensor {
	axis = axisOf("index", axis, t.Rank(), t.shape)
	k := i
	if k < 0 {
		k += t.shape[axis]
	}
	if k < 0 || k >= t.shape[axis] {
		panic(&ShapeError{"index", []Shape{t.shape}, fmt.Sprintf("index %d of axis %d is out of range", i, axis)})
	}
	return t.view(slices.Delete(t.shape.Clone(), axis, axis+1),
		slices.Delete(slices.Clone(t.strides), axis, axis+1), t.offset+k*t.strides[axis])
}

// Squeeze returns a view without the given axes, whose extents must be 1;
// without arguments, without every axis of extent 1.
func (t *Tensor) Squeeze(axes ...int) *Tensor {
	drop := axesOf("squeeze", axes, t.shape)
	shape, strides := Shape{}, []int{}
	for i, n := range t.shape {
		switch {
		case drop[i] && n == 1:
		case drop[i] && axes != nil:
			panic(&ShapeError{"squeeze", []Shape{t.shape}, fmt.Sprintf("axis %d has extent %d, not 1", i, n)})
		default:
			shape, strides = append(shape, n), append(strides, t.strides[i])
		}
	}
	return t.view(shape, strides, t.offset)
}

// Unsqueeze returns a view with axes of extent 1 inserted so that they are the
// given axes of the result.
func (t *Tensor) Unsqueeze(axes ...int) *Tensor {
	if len(axes) == 0 {
		return t.view(t.shape, t.strides, t.offset)
	}
	shape := make(Shape, t.Rank()+len(axes))
	strides := make([]int, len(shape))
	added := axesOf("unsqueeze", axes, shape)
	from := 0
	for i := range shape {
		if added[i] {
			shape[i], strides[i] = 1, 1
			continue
		}
		shape[i], strides[i] = t.shape[from], t.strides[from]
		from++
	}
	return t.view(shape, strides, t.offset)
}

// BroadcastTo returns a view of t under a larger shape, to which it extends by
// the rule of [Broadcast]; repeated elements share memory.
func (t *Tensor) BroadcastTo(shape Shape) *Tensor {
	if t.shape.Equal(shape) {
		return t
	}
	lead := len(shape) - t.Rank()
	if lead < 0 {
		panic(&ShapeError{"broadcast", []Shape{t.shape, shape}, "the target has a lower rank"})
	}
	checkShape("broadcast", shape, t.dtype.Size())
	strides := make([]int, len(shape))
	for i, n := range t.shape {
		switch {
		case n == shape[lead+i]:
			strides[lead+i] = t.strides[i]
		case n != 1:
			panic(&ShapeError{"broadcast", []Shape{t.shape, shape}, fmt.Sprintf("axis %d has extent %d, not 1", i, n)})
		}
	}
	return t.view(shape.Clone(), strides, t.offset)
}
