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
	if shareMemory(dst, src) {
		tmp := New(src.dtype, src.shape...)
		move.copy(tmp, src)
		src = tmp
	}
	move.copy(dst, src)
}

// shareMemory reports whether a and b have the same memory behind them; views of
// disjoint parts of it count as sharing.
func shareMemory(a, b *Tensor) bool {
	if a.dtype == String {
		return len(a.strs) > 0 && len(b.strs) > 0 && &a.strs[0] == &b.strs[0]
	}
	return len(a.mem) > 0 && len(b.mem) > 0 && &a.mem[0] == &b.mem[0]
}
