package tensor

import (
	"fmt"
	"slices"
)

// Cast returns t with elements of type dt; t itself if it has them already.
//
//   - to a float: rounded to nearest even; beyond its range, infinite.
//   - float to integer: truncated toward zero; beyond the range, its nearest
//     bound; NaN becomes 0. (C, NumPy and ONNX leave these two undefined.)
//   - integer to integer: modulo 2ⁿ, as in C.
//   - to Bool: whether the element is not zero; Bool to number: 0 or 1.
//   - to String: as NumPy writes the element, such as "1.5", "nan", "True".
//   - from String: a decimal number or a word as above. Other text panics; for
//     text that comes from users, call [Parse].
func Cast(t *Tensor, dt DType) *Tensor {
	out, err := convert(t, dt)
	if err != nil {
		panic(&ShapeError{"cast", []Shape{t.shape}, err.Error()})
	}
	return out
}

// Parse converts a String tensor to another element type. The error names the
// first element that is not such a number.
func Parse(t *Tensor, dt DType) (*Tensor, error) {
	if t.dtype != String {
		panic(&ShapeError{"parse", []Shape{t.shape}, "elements are " + t.dtype.String() + ", not string"})
	}
	return convert(t, dt)
}

// chunk is how many elements convert keeps in wide form at a time.
const chunk = 256

// wide holds a run of elements in the wide type of their class.
type wide struct {
	floats  [chunk]float64
	ints    [chunk]int64
	uints   [chunk]uint64
	strings [chunk]string
}

func convert(t *Tensor, dt DType) (*Tensor, error) {
	if t.dtype == dt {
		return t, nil
	}
	out := New(dt, t.shape...)
	from, to := codecs[t.dtype], codecs[dt]
	var w wide
	var err error
	newLoop(t.shape, out, t).rows(func(n int, pos, step []int) {
		for i := 0; i < n && err == nil; i += chunk {
			k := min(chunk, n-i)
			from.load(&w, t, pos[1]+i*step[1], step[1], k)
			if e := to.store(&w, t.dtype, out, pos[0]+i*step[0], step[0], k); e != nil {
				err = fmt.Errorf("cast to %v: %w", dt, e)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Float64s returns a copy of the elements, in row-major order, cast to float64.
func Float64s(t *Tensor) []float64 { return copyAs[float64](t) }

// Int64s returns a copy of the elements, in row-major order, cast to int64.
func Int64s(t *Tensor) []int64 { return copyAs[int64](t) }

// Ints returns a copy of the elements, in row-major order, cast to int64 and
// held as int.
func Ints(t *Tensor) []int {
	ints := make([]int, 0, t.Len())
	for _, v := range copyAs[int64](t) {
		ints = append(ints, int(v))
	}
	return ints
}

func copyAs[T Element](t *Tensor) []T {
	c := Cast(t, DTypeOf[T]())
	if c == t {
		return slices.Clone(Data[T](t.Contiguous()))
	}
	return Data[T](c)
}

// Float64At returns the element at the given index cast to float64.
func (t *Tensor) Float64At(idx ...int) float64 {
	return Float64s(t.view(Shape{}, []int{}, t.position("at", idx)))[0]
}
