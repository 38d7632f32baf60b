package tensor

import "fmt"

// CopyInto copies the elements of src into dst, which has the same element type
// and a shape that src broadcasts to. If their memory overlaps, src is read as a
// whole before dst is written.
func CopyInto(dst, src *Tensor) {
	if dst.dtype != src.dtype {
		panic(&ShapeError{"copy", []Shape{dst.shape, src.shape}, fmt.Sprintf("element types %v and %v differ", dst.dtype, src.dtype)})
	}
	if dst.dtype != String && dst.shape.Equal(src.shape) && dst.IsContiguous() && src.IsContiguous() {
		copy(dst.Bytes(), src.Bytes()) // the common case allocates nothing
		return
	}
	src = src.BroadcastTo(dst.shape)
	move := moverFor(dst.dtype)
	if MayShareMemory(dst, src) {
		tmp := New(src.dtype, src.shape...)
		move.copy(tmp, src)
		src = tmp
	}
	move.copy(dst, src)
}

// MayShareMemory reports whether the memory behind a and b overlaps. Views of
// disjoint parts of one tensor count as sharing.
func MayShareMemory(a, b *Tensor) bool {
	return overlap(a.mem, b.mem) || overlap(a.strs, b.strs)
}
