package kernel

// Copy writes a strided array of the given shape to dst in row-major order:
//
//	for i0 < shape[0], i1 < shape[1], …:
//		dst[next] = src[offset + i0*strides[0] + i1*strides[1] + …]
//
// Strides count elements; 0 broadcasts and negative ones reverse. It allocates
// nothing for up to 8 dimensions. dst must not overlap src.
func Copy[T any](dst, src []T, offset int, shape, strides []int) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	if n == 0 {
		return
	}
	dst = dst[:n]
	var dims, steps [8]int
	d, s := merge(dims[:0], steps[:0], shape, strides)
	switch len(d) {
	case 0:
		dst[0] = src[offset]
	case 1:
		copyRow(dst, src, offset, s[0])
	default:
		copyRows(dst, src, offset, d, s)
	}
}

// merge appends shape and strides without dimensions of size 1, and with
// neighbors joined that are one run in memory.
func merge(dims, steps, shape, strides []int) ([]int, []int) {
	for i, n := range shape {
		if n == 1 {
			continue
		}
		if last := len(dims) - 1; last >= 0 && steps[last] == n*strides[i] {
			dims[last] *= n
			steps[last] = strides[i]
			continue
		}
		dims = append(dims, n)
		steps = append(steps, strides[i])
	}
	return dims, steps
}

// copyRow is Copy of one dimension.
func copyRow[T any](dst, src []T, offset, stride int) {
	switch stride {
	case 1:
		copy(dst, src[offset:offset+len(dst)])
	case 0:
		v := src[offset]
		for i := range dst {
			dst[i] = v
		}
	default:
		for i := range dst {
			dst[i] = src[offset]
			offset += stride
		}
	}
}

// copyRows is Copy of two or more dimensions: it steps over all but the last
// two as an odometer and copies planes.
func copyRows[T any](dst, src []T, offset int, dims, steps []int) {
	outer := len(dims) - 2
	rows, cols := dims[outer], dims[outer+1]
	var index [8]int
	at := index[:0]
	for range outer {
		at = append(at, 0)
	}
	for {
		copyPlane(dst[:rows*cols], src, offset, rows, cols, steps[outer], steps[outer+1])
		dst = dst[rows*cols:]
		d := outer - 1
		for ; d >= 0; d-- {
			at[d]++
			offset += steps[d]
			if at[d] < dims[d] {
				break
			}
			offset -= at[d] * steps[d]
			at[d] = 0
		}
		if d < 0 {
			return
		}
	}
}

// copyPlane is Copy of two dimensions. A transposed plane goes in blocks, so
// that both sides stay in cache.
func copyPlane[T any](dst, src []T, offset, rows, cols, rs, cs int) {
	const block = 16
	if rs != 1 || cs == 1 || cs == 0 {
		for r := range rows {
			copyRow(dst[r*cols:(r+1)*cols], src, offset+r*rs, cs)
		}
		return
	}
	if cs > 0 {
		switch d := any(dst).(type) {
		case []float32:
			transposePlane(d, any(src).([]float32)[offset:], rows, cols, cs)
			return
		case []uint32:
			transposePlane(View[float32](d), View[float32](any(src).([]uint32))[offset:], rows, cols, cs)
			return
		}
	}
	for r0 := 0; r0 < rows; r0 += block {
		r1 := min(r0+block, rows)
		for c0 := 0; c0 < cols; c0 += block {
			c1 := min(c0+block, cols)
			for r := r0; r < r1; r++ {
				from := offset + r + c0*cs
				out := dst[r*cols+c0 : r*cols+c1]
				for i := range out {
					out[i] = src[from]
					from += cs
				}
			}
		}
	}
}

// StreamingBytes is from how many bytes on a result is better written by [CopyStreaming]:
// it would push everything else out of the caches, and be out of them itself when
// it is read.
const StreamingBytes = 32 << 20

// CopyStreaming is copy where dst is not read soon. Its lines are not read before they
// are written, which saves a third of what a copy moves.
func CopyStreaming[T Float](dst, src []T) {
	if f := loopsOf[T]().stream; f != nil {
		f(dst, src)
	} else {
		copy(dst, src)
	}
}

// Transpose copies a matrix of rows of lds elements to columns, which are rows of
// ldd elements of dst:
//
//	for r < rows, p < k: dst[p*ldd + r] = src[r*lds + p]
//
// dst must not overlap src.
func Transpose[T Float](dst []T, ldd int, src []T, lds, rows, k int) {
	if rows > 0 && k > 0 {
		loopsOf[T]().transpose(dst, ldd, src, lds, rows, k)
	}
}

// transposePlane is copyPlane of a transposed plane, in strips that stay in
// cache. It moves bits, whatever they mean.
func transposePlane(dst, src []float32, rows, cols, cs int) {
	const strip = 64
	for r := 0; r < rows; r += strip {
		loops32().transpose(dst[r*cols:], cols, src[r:], cs, cols, min(strip, rows-r))
	}
}
