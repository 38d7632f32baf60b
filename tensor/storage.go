package tensor

import (
	"fmt"
	"unsafe"
)

// alignment is the boundary in bytes on which new tensors start: a cache line
// and a 512-bit vector.
const alignment = 64

// alignedBytes returns n zero bytes that start on the alignment boundary.
func alignedBytes(n int) []byte {
	b := make([]byte, n+alignment-1)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (alignment - 1)
	return b[skip : skip+n : skip+n]
}

// aligned reports whether b starts on a multiple of size bytes.
func aligned(b []byte, size int) bool {
	return len(b) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(b)))%uintptr(size) == 0
}

// overlap reports whether two slices have an element in common.
func overlap[T any](a, b []T) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	first := func(s []T) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(s))) }
	last := func(s []T) uintptr { return uintptr(unsafe.Pointer(&s[len(s)-1])) }
	return first(a) <= last(b) && first(b) <= last(a)
}

// adopt makes data the memory of t, which has T's element type.
func adopt[T Element](t *Tensor, data []T) {
	if s, ok := any(data).([]string); ok {
		t.strs = s
		return
	}
	t.mem = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), len(data)*t.dtype.Size())
}

// storage returns all memory behind t as elements; index it with t's offset and
// strides. It panics if t's elements are not of type T.
func storage[T Element](t *Tensor) []T {
	if want := DTypeOf[T](); t.dtype != want {
		panic(&ShapeError{"data", []Shape{t.shape}, fmt.Sprintf("elements are %v, not %v", t.dtype, want)})
	}
	return reinterpret[T](t)
}

// reinterpret returns the memory behind t as values of type T, which has the
// size of t's elements.
func reinterpret[T Element](t *Tensor) []T {
	if t.dtype == String {
		return any(t.strs).([]T)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(t.mem))), len(t.mem)/t.dtype.Size())
}

// Data returns the elements of t in row-major order, without copying: what is
// written to the slice is written to t. It panics if t is not contiguous or its
// elements are not of type T; see [Tensor.Contiguous] and [Cast].
func Data[T Element](t *Tensor) []T {
	if !t.IsContiguous() {
		panic(&ShapeError{"data", []Shape{t.shape}, "the tensor is not contiguous"})
	}
	n := t.Len()
	if n == 0 {
		storage[T](t) // for its check of T
		return []T{}
	}
	return storage[T](t)[t.offset : t.offset+n : t.offset+n]
}

// Bytes returns the memory of a contiguous tensor, without copying: row-major,
// little-endian elements. It panics for String and if t is not contiguous.
func (t *Tensor) Bytes() []byte {
	if t.dtype == String || !t.IsContiguous() {
		panic(&ShapeError{"bytes", []Shape{t.shape}, "want a contiguous tensor of fixed-size elements"})
	}
	n, size := t.Len(), t.dtype.Size()
	if n == 0 {
		return []byte{}
	}
	return t.mem[t.offset*size : (t.offset+n)*size : (t.offset+n)*size]
}
