package tensor

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// Shape is the extent of each axis, outermost first. The empty shape is that of
// a scalar.
type Shape []int

// Len returns the number of elements, the product of the extents; 1 for a
// scalar.
func (s Shape) Len() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Equal reports whether s and o have the same rank and extents.
func (s Shape) Equal(o Shape) bool { return slices.Equal(s, o) }

// Clone returns a copy that shares no memory with s and is never nil.
func (s Shape) Clone() Shape { return append(Shape{}, s...) }

// String returns the extents in brackets, such as "[2 3]".
func (s Shape) String() string { return fmt.Sprint([]int(s)) }

// ShapeError is the panic value for arguments whose shapes, axes or element
// types do not fit an operation: the caller's bug.
type ShapeError struct {
	Op     string  // the operation, such as "matmul"
	Shapes []Shape // the shapes it was given, where they matter
	Detail string  // what does not fit
}

// Error returns one line such as
// "matmul [2 3] [4 5]: inner dimensions 3 and 4 differ".
func (e *ShapeError) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	for _, s := range e.Shapes {
		b.WriteString(" " + s.String())
	}
	return b.String() + ": " + e.Detail
}

// Broadcast returns the shape to which all the given shapes extend by NumPy's
// rule: axes align from the last; extents agree or one of them is 1. The error
// is a [*ShapeError].
func Broadcast(shapes ...Shape) (Shape, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make(Shape, rank)
	for i := range out {
		out[i] = 1
	}
	for _, s := range shapes {
		lead := rank - len(s)
		for i, d := range s {
			switch o := &out[lead+i]; {
			case *o == d || d == 1:
			case *o == 1:
				*o = d
			default:
				return nil, &ShapeError{
					"broadcast", shapes,
					fmt.Sprintf("extents %d and %d of axis %d differ and neither is 1", *o, d, lead+i),
				}
			}
		}
	}
	return out, nil
}

// rowMajor returns the strides of a contiguous tensor of the given shape.
func rowMajor(shape Shape) []int {
	strides := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = n
		n *= max(shape[i], 1)
	}
	return strides
}

// checkShape panics unless a tensor may have this shape.
func checkShape(op string, shape Shape, size int) {
	if err := shapeError(shape, size); err != nil {
		panic(&ShapeError{op, []Shape{shape}, err.Error()})
	}
}

// shapeError says why no tensor of elements of size bytes has this shape: a
// negative extent, or more bytes than can be addressed. Extents beside one of 0
// must be addressable too, so that every product of extents is exact.
func shapeError(shape Shape, size int) error {
	n := uint64(max(size, 1))
	for i, d := range shape {
		if d < 0 {
			return fmt.Errorf("axis %d has negative extent %d", i, d)
		}
		hi, lo := bits.Mul64(n, uint64(max(d, 1)))
		if hi != 0 || lo > math.MaxInt-alignment {
			return errors.New("too large to address")
		}
		n = lo
	}
	return nil
}

// axisOf returns axis counted from the front, for an axis in [-rank, rank).
func axisOf(op string, axis, rank int, shapes ...Shape) int {
	a := axis
	if a < 0 {
		a += rank
	}
	if a < 0 || a >= rank {
		panic(&ShapeError{op, shapes, fmt.Sprintf("axis %d is outside rank %d", axis, rank)})
	}
	return a
}

// axesOf returns which axes are named by axes, all of them for nil; a repeated
// axis panics.
func axesOf(op string, axes []int, shape Shape) []bool {
	set := make([]bool, len(shape))
	if axes == nil {
		for i := range set {
			set[i] = true
		}
	}
	for _, axis := range axes {
		a := axisOf(op, axis, len(shape), shape)
		if set[a] {
			panic(&ShapeError{op, []Shape{shape}, fmt.Sprintf("axis %d is repeated", axis)})
		}
		set[a] = true
	}
	return set
}
