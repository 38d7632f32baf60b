package tensor

import "fmt"

// CopyInto copies the elements of src into dst, which has the same element type
// and a shape that src broadcasts to. If their memory overlaps, src is read as a
// whole before dst is written.
func CopyInto(dst, src *Tensor) {
	if dst.dtype != src.dtype {
		panic(&ShapeError{"copy", []Shape{dst.shape, src.shape}, fmt.Sprintf("element types %v and %v differ", dst.dtype, src.dtype)})
	}
	src = src.BroadcastTo(dst.shape)
	if shareMemory(dst, src) {
		tmp := New(src.dtype, src.shape...)
		copyRows(tmp, src)
		src = tmp
	}
	copyRows(dst, src)
}

// copyRows copies by element size: what the elements mean does not matter.
func copyRows(dst, src *Tensor) {
	if dst.dtype == String {
		copyElements[string](dst, src)
		return
	}
	switch dst.dtype.Size() {
	case 1:
		copyElements[uint8](dst, src)
	case 2:
		copyElements[uint16](dst, src)
	case 4:
		copyElements[uint32](dst, src)
	case 8:
		copyElements[uint64](dst, src)
	}
}

func copyElements[T Element](dst, src *Tensor) {
	to, from := reinterpret[T](dst), reinterpret[T](src)
	newLoop(dst.shape, dst, src).rows(func(n int, pos, step []int) {
		d, s := pos[0], pos[1]
		if step[0] == 1 && step[1] == 1 {
			copy(to[d:d+n], from[s:s+n])
			return
		}
		for range n {
			to[d] = from[s]
			d += step[0]
			s += step[1]
		}
	})
}

// shareMemory reports whether a and b have the same memory behind them; views of
// disjoint parts of it count as sharing.
func shareMemory(a, b *Tensor) bool {
	if a.dtype == String {
		return len(a.strs) > 0 && len(b.strs) > 0 && &a.strs[0] == &b.strs[0]
	}
	return len(a.mem) > 0 && len(b.mem) > 0 && &a.mem[0] == &b.mem[0]
}
