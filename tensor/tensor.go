package tensor

import (
	"fmt"
	"unsafe"
)

// Tensor is an n-dimensional array: a strided view of elements of one type.
//
// Its zero value is not usable; make one with [New], [Of], [Scalar] or [Full].
// Tensors may share memory; a tensor may be read by many goroutines at once.
type Tensor struct {
	dtype   DType
	shape   Shape
	strides []int // in elements; 0 along broadcast axes, negative along flipped ones
	offset  int   // in elements, of the element at index 0,0,…
	mem     []byte
	strs    []string // in place of mem for String
}

// maxMemory is more bytes than a process can have on processors of 64 bits.
const maxMemory = 1 << 47

// New returns a tensor of zeros (false, "") of the given type and shape; without
// a shape, a scalar. Its data is aligned to 64 bytes.
func New(dt DType, shape ...int) *Tensor {
	if dt.class() == classNone {
		panic(&ShapeError{"new", nil, "element type is " + dt.String()})
	}
	t := layout("new", dt, shape)
	size := dt.Size()
	if dt == String {
		size = int(unsafe.Sizeof(""))
	}
	if t.Len() > maxMemory/size {
		panic(&ShapeError{"new", []Shape{t.shape}, "too large to allocate"})
	}
	if dt == String {
		t.strs = make([]string, t.Len())
	} else {
		t.mem = alignedBytes(t.Len() * size)
	}
	return t
}

// Of returns a tensor that adopts data as its memory, in row-major order.
// Without a shape it is 1-D; Shape{}... makes a scalar of one element.
func Of[T Element](data []T, shape ...int) *Tensor {
	if shape == nil {
		shape = Shape{len(data)}
	}
	t := layout("of", DTypeOf[T](), shape)
	if t.Len() != len(data) {
		panic(&ShapeError{"of", []Shape{t.shape}, fmt.Sprintf("got %d elements, the shape has %d", len(data), t.Len())})
	}
	adopt(t, data)
	return t
}

// Scalar returns the tensor of rank 0 that holds v.
func Scalar[T Element](v T) *Tensor { return Full(v) }

// Full returns a tensor whose every element is v; without a shape, a scalar.
func Full[T Element](v T, shape ...int) *Tensor {
	t := New(DTypeOf[T](), shape...)
	data := Data[T](t)
	for i := range data {
		data[i] = v
	}
	return t
}

// FromBytes returns a tensor that adopts b as its memory: row-major,
// little-endian elements. It fails if b has the wrong length for the shape, is
// not aligned for the type, or holds a Bool other than 0 and 1; String has no
// such form.
func FromBytes(dt DType, b []byte, shape ...int) (*Tensor, error) {
	if dt.Size() == 0 {
		return nil, fmt.Errorf("a %v tensor cannot be made from raw bytes", dt)
	}
	t := layout("from bytes", dt, shape)
	if want := t.Len() * dt.Size(); len(b) != want {
		return nil, fmt.Errorf("%v tensor of shape %v needs %d bytes, got %d", dt, t.shape, want, len(b))
	}
	if !aligned(b, dt.Size()) {
		return nil, fmt.Errorf("bytes of a %v tensor are not aligned to %d", dt, dt.Size())
	}
	if dt == Bool {
		for i, v := range b {
			if v > 1 {
				return nil, fmt.Errorf("byte %d of a bool tensor is %d: want 0 or 1", i, v)
			}
		}
	}
	t.mem = b
	return t, nil
}

// Wrap returns a tensor over mem, as [FromBytes] does, for memory that the
// caller manages, such as an arena: mem may be longer than needed and what it
// holds is not inspected. Memory that is too short or misaligned panics.
func Wrap(dt DType, mem []byte, shape ...int) *Tensor {
	t := layout("wrap", dt, shape)
	want := t.Len() * dt.Size()
	if dt.Size() == 0 || len(mem) < want || !aligned(mem, dt.Size()) {
		panic(&ShapeError{"wrap", []Shape{t.shape}, fmt.Sprintf("%v needs %d aligned bytes, got %d", dt, want, len(mem))})
	}
	t.mem = mem[:want:want]
	return t
}

// layout returns a row-major tensor without memory.
func layout(op string, dt DType, shape []int) *Tensor {
	checkShape(op, shape, dt.Size())
	s := Shape(shape).Clone()
	return &Tensor{dtype: dt, shape: s, strides: rowMajor(s)}
}

// DType returns the type of the elements.
func (t *Tensor) DType() DType { return t.dtype }

// Shape returns the extent of each axis. The caller must not change it.
func (t *Tensor) Shape() Shape { return t.shape }

// Strides returns the distance in elements between neighbors along each axis.
// The caller must not change it.
func (t *Tensor) Strides() []int { return t.strides }

// Rank returns the number of axes.
func (t *Tensor) Rank() int { return len(t.shape) }

// Len returns the number of elements.
func (t *Tensor) Len() int { return t.shape.Len() }

// IsContiguous reports whether the elements lie in memory in row-major order
// without gaps, so that [Data] and [Tensor.Bytes] can return them.
func (t *Tensor) IsContiguous() bool {
	n := 1
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.strides[i] != n {
			return t.Len() == 0
		}
		n *= t.shape[i]
	}
	return true
}

// Contiguous returns t itself if it is contiguous, else a row-major copy.
func (t *Tensor) Contiguous() *Tensor {
	if t.IsContiguous() {
		return t
	}
	return t.Clone()
}

// Clone returns a contiguous copy that shares no memory with t.
func (t *Tensor) Clone() *Tensor {
	c := New(t.dtype, t.shape...)
	CopyInto(c, t)
	return c
}

// At returns the element at the given index, one number per axis; negative ones
// count from the end.
func At[T Element](t *Tensor, idx ...int) T { return storage[T](t)[t.position("at", idx)] }

// SetAt stores v at the given index, one number per axis; negative ones count
// from the end.
func SetAt[T Element](t *Tensor, v T, idx ...int) { storage[T](t)[t.position("set at", idx)] = v }

// position returns where in storage the element at idx is.
func (t *Tensor) position(op string, idx []int) int {
	if len(idx) != len(t.shape) {
		panic(&ShapeError{op, []Shape{t.shape}, fmt.Sprintf("index %v has %d numbers", idx, len(idx))})
	}
	pos := t.offset
	for axis, i := range idx {
		if i < 0 {
			i += t.shape[axis]
		}
		if i < 0 || i >= t.shape[axis] {
			panic(&ShapeError{op, []Shape{t.shape}, fmt.Sprintf("index %v is out of range", idx)})
		}
		pos += i * t.strides[axis]
	}
	return pos
}
