package tensor

// mover moves elements without looking at them. There is one per element size,
// and one for String.
type mover interface {
	// copy sets dst[i] = src[i] for tensors of one shape.
	copy(dst, src *Tensor)
	// copyWhere sets dst[i] = src[i] where mask[i], for tensors of one shape.
	copyWhere(dst, src, mask *Tensor)
	// take sets dst[o, i, :] = src[o, idx[i], :] for contiguous tensors of rank 3.
	take(dst, src *Tensor, idx []int)
	// pick sets element i of the contiguous dst to element pos[i] of the memory
	// behind src.
	pick(dst, src *Tensor, pos []int)
}

// moverFor returns the mover of elements of type dt.
func moverFor(dt DType) mover {
	switch dt.Size() {
	case 1:
		return moves[uint8]{}
	case 2:
		return moves[uint16]{}
	case 4:
		return moves[uint32]{}
	case 8:
		return moves[uint64]{}
	}
	return moves[string]{}
}

// moves is the mover of elements of T's size.
type moves[T Element] struct{}

func (moves[T]) copy(dst, src *Tensor) {
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

func (moves[T]) copyWhere(dst, src, mask *Tensor) {
	to, from, on := reinterpret[T](dst), reinterpret[T](src), storage[bool](mask)
	newLoop(dst.shape, dst, src, mask).rows(func(n int, pos, step []int) {
		for i := range n {
			if on[pos[2]+i*step[2]] {
				to[pos[0]+i*step[0]] = from[pos[1]+i*step[1]]
			}
		}
	})
}

func (moves[T]) take(dst, src *Tensor, idx []int) {
	if dst.Len() == 0 {
		return
	}
	to, from := reinterpret[T](dst)[dst.offset:], reinterpret[T](src)[src.offset:]
	n, inner := src.shape[1], src.shape[2]
	for o := range src.shape[0] {
		for _, i := range idx {
			at := (o*n + i) * inner
			copy(to[:inner], from[at:])
			to = to[inner:]
		}
	}
}

func (moves[T]) pick(dst, src *Tensor, pos []int) {
	to, from := reinterpret[T](dst)[dst.offset:], reinterpret[T](src)
	for i, p := range pos {
		to[i] = from[p]
	}
}
