package tensor

import (
	"fmt"
	"math"
)

// Arange returns the 1-D tensor start, start+step, … of the numbers before stop;
// with a negative step, above stop.
func Arange[T float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](start, stop, step T) *Tensor {
	if step == 0 {
		panic(&ShapeError{"arange", nil, "step is 0"})
	}
	n, ok := steps(start, stop, step)
	if !ok {
		panic(&ShapeError{"arange", nil, fmt.Sprintf("from %v to %v by %v is too large to allocate", start, stop, step)})
	}
	// As NumPy does, multiples of the difference that the first step really made.
	delta := start + step - start
	out := New(DTypeOf[T](), n)
	data := Data[T](out)
	for i := range data {
		data[i] = start + T(T(i)*delta)
	}
	return out
}

// steps returns how many of start, start+step, … lie before stop, exactly for
// integers; ok is false if no int holds that, or it is not a number.
func steps[T float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](start, stop, step T) (n int, ok bool) {
	if DTypeOf[T]().IsFloat() {
		f := math.Ceil((float64(stop) - float64(start)) / float64(step))
		return int(max(f, 0)), f < math.MaxInt
	}
	distance, by := uint64(stop)-uint64(start), uint64(step)
	switch {
	case step > 0 && stop <= start, step < 0 && stop >= start:
		return 0, true
	case step < 0:
		distance, by = -distance, -by
	}
	n = int((distance-1)/by) + 1
	return n, n > 0
}

// Linspace returns n numbers of type dt at equal distances from start to stop,
// both included.
func Linspace(dt DType, start, stop float64, n int) *Tensor {
	out := New(Float64, n)
	data := Data[float64](out)
	step := (stop - start) / float64(max(n-1, 1))
	for i := range data {
		data[i] = float64(float64(i)*step) + start
	}
	if n > 1 {
		data[n-1] = stop
	}
	return Cast(out, dt)
}

// Eye returns the n×n identity matrix.
func Eye(dt DType, n int) *Tensor { return Diag(Cast(Full(true, n), dt), 0) }

// Diag returns diagonal k of a matrix (k > 0 above the main one) as a 1-D view
// of it; of a 1-D tensor, the square matrix that has it there and zeros elsewhere.
func Diag(t *Tensor, k int) *Tensor {
	switch t.Rank() {
	case 1:
		n := t.shape[0] + max(k, -k)
		out := New(t.dtype, n, n)
		CopyInto(Diag(out, k), t)
		return out
	case 2:
		k = min(max(k, -t.shape[0]), t.shape[1]) // nothing beyond
		row, col := max(-k, 0), max(k, 0)
		n := max(0, min(t.shape[0]-row, t.shape[1]-col))
		offset := t.offset
		if n > 0 {
			offset += row*t.strides[0] + col*t.strides[1]
		}
		return t.view(Shape{n}, []int{t.strides[0] + t.strides[1]}, offset)
	}
	panic(&ShapeError{"diag", []Shape{t.shape}, "want a vector or a matrix"})
}

// Trilu returns t with zeros below diagonal k of each matrix of its last two
// axes if upper is set, else with zeros above it.
func Trilu(t *Tensor, k int, upper bool) *Tensor {
	if t.Rank() < 2 {
		panic(&ShapeError{"trilu", []Shape{t.shape}, "want a matrix"})
	}
	out := New(t.dtype, t.shape...)
	rows, cols := t.shape[t.Rank()-2], t.shape[t.Rank()-1]
	k = min(max(k, -rows), cols) // all or nothing beyond
	for i := range rows {
		edge := min(max(i+k, 0), cols)
		lo, hi := edge, cols
		if !upper {
			lo, hi = 0, min(max(i+k+1, 0), cols)
		}
		row := func(x *Tensor) *Tensor { return x.Index(-2, i).Slice(-1, lo, hi, 1) }
		CopyInto(row(out), row(t))
	}
	return out
}

// OneHot returns a tensor of type dt with a new axis of extent depth, on which
// the element at each index is 1 and all others are 0. Negative indices count
// from the end; an index outside the axis gives only zeros, as in ONNX.
func OneHot(dt DType, indices *Tensor, depth, axis int) *Tensor {
	if depth < 0 {
		panic(&ShapeError{"onehot", []Shape{indices.shape}, fmt.Sprintf("depth %d is negative", depth)})
	}
	axis = axisOf("onehot", axis, indices.Rank()+1, indices.shape)
	idx := Cast(indices, Int64)
	idx = Where(Less(idx, Scalar[int64](0)), Add(idx, Scalar(int64(depth))), idx)
	classes := Shape{}
	for range indices.Rank() - axis {
		classes = append(classes, 1)
	}
	ramp := Arange(0, int64(depth), 1).Reshape(append(Shape{depth}, classes...)...)
	return Cast(Equal(idx.Unsqueeze(axis), ramp), dt)
}
