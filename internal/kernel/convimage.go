package kernel

// packImage writes a panel of the unrolled image: rows [p, p+k) of (c, r, s)
// and n output positions from at on, padded with zeros to the tile's width.
func (c *Conv[T]) packImage(dst, x []T, p, k, at, n int) {
	s := &c.call
	cols := s.t.cols
	if c.pointwise() {
		s.t.packCols(dst, k, n, x[p*s.pos+at:], s.pos, 1)
		return
	}
	dst = dst[:k*cols]
	ch, r, q := p/(c.KH*c.KW), p/c.KW%c.KH, p%c.KW
	for len(dst) > 0 {
		row := dst[:cols]
		c.unroll(row[:n], x[ch*c.H*c.W:][:c.H*c.W], r, q, at)
		clear(row[n:])
		dst = dst[cols:]
		if q++; q == c.KW {
			q = 0
			if r++; r == c.KH {
				r = 0
				ch++
			}
		}
	}
}

// unroll writes what tap (r, q) of the kernel meets in a plane of the image at
// len(dst) output positions from at on:
//
//	dst[i] = plane[y*StrideH + r*DilationH - PadTop, x*StrideW + q*DilationW - PadLeft]
//
// with (y, x) = position at+i, and zero outside the plane.
func (c *Conv[T]) unroll(dst, plane []T, r, q, at int) {
	s := &c.call
	oy, ox := at/s.ow, at%s.ow
	shift := q*s.dw - c.PadLeft
	first, last := span(s.ow, c.W, s.sw, shift)
	for len(dst) > 0 {
		n := min(s.ow-ox, len(dst))
		out := dst[:n]
		dst = dst[n:]
		iy := oy*s.sh + r*s.dh - c.PadTop
		lo, hi := max(first-ox, 0), min(last-ox, n)
		if iy < 0 || iy >= c.H || lo >= hi {
			clear(out)
		} else {
			clear(out[:lo])
			clear(out[hi:])
			gatherStride(out[lo:hi], plane[iy*c.W+(ox+lo)*s.sw+shift:], s.sw)
		}
		ox = 0
		oy++
	}
}

// gatherStride computes dst[i] = src[i*stride].
func gatherStride[T any](dst, src []T, stride int) {
	if stride != 1 {
		from := 0
		for i := range dst {
			dst[i] = src[from]
			from += stride
		}
		return
	}
	if len(dst) > 16 {
		copy(dst, src)
		return
	}
	for i, v := range src[:len(dst)] {
		dst[i] = v
	}
}

// span returns the range of output indices o < out whose input index
// o*stride + shift lies in [0, in).
func span(out, in, stride, shift int) (lo, hi int) {
	if shift < 0 {
		lo = (-shift + stride - 1) / stride
	}
	if in > shift {
		hi = (in-shift-1)/stride + 1
	}
	return min(lo, out), min(max(hi, 0), out)
}

// foldBack adds what unroll has read back to where it came from: the inverse
// walk, for the gradient of the image.
func (c *Conv[T]) foldBack(plane, src []T, r, q, at int) {
	s := &c.call
	oy, ox := at/s.ow, at%s.ow
	shift := q*s.dw - c.PadLeft
	first, last := span(s.ow, c.W, s.sw, shift)
	for len(src) > 0 {
		n := min(s.ow-ox, len(src))
		in := src[:n]
		src = src[n:]
		iy := oy*s.sh + r*s.dh - c.PadTop
		lo, hi := max(first-ox, 0), min(last-ox, n)
		if iy >= 0 && iy < c.H && lo < hi {
			to := plane[iy*c.W+(ox+lo)*s.sw+shift:]
			if s.sw == 1 {
				to = to[:hi-lo]
				for i, v := range in[lo:hi] {
					to[i] += v
				}
			} else {
				for i, v := range in[lo:hi] {
					to[i*s.sw] += v
				}
			}
		}
		ox = 0
		oy++
	}
}
