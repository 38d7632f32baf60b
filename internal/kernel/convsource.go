package kernel

// convSource says how a plane of the input lies before the tiles of a
// convolution: with its padding in place; where columns are skipped, sorted by
// their remainder, so that neighbors in the result meet neighbors; and with
// lanes images interleaved, pixel by pixel. Then every tap of the kernel meets
// the same elements, so far from the first.
type convSource struct {
	h, w      int // of a plane of the input
	top, left int // its padding
	copied    bool
	lanes     int
	rows      int // of the prepared plane
	step      int // rows of the input from one of them to the next
	stride    int // columns from one element of a line to the next
	phases    int // lines of a row, by the remainder of the column
	line      int // elements of a line
	outRow    int // from what one row of the result meets to the next
	dh, dw    int // from one tap to the next, in rows and in columns
}

// convWindow is the geometry of a convolution along one axis.
type convWindow struct{ in, out, kernel, stride, dilation, before int }

// newConvSource returns the layout for a kernel over two axes.
func newConvSource(v, h convWindow, lanes int) convSource {
	s := convSource{
		h: v.in, w: h.in, top: v.before, left: h.before, lanes: lanes,
		rows: (v.out-1)*v.stride + v.dilation*(v.kernel-1) + 1,
		step: 1, stride: h.stride, dh: v.dilation, dw: h.dilation,
		phases: min(h.stride, h.dilation*(h.kernel-1)+1),
	}
	columns := (h.out-1)*h.stride + h.dilation*(h.kernel-1) + 1
	s.line = (columns + h.stride - 1) / h.stride
	s.copied = lanes > 1 || h.stride > 1 || s.top != 0 || s.left != 0 || s.rows > s.h || columns > s.w
	switch {
	case !s.copied:
		s.rows, s.line = s.h, s.w
		s.outRow = v.stride * s.row()
	case v.kernel == 1: // only the rows that are met
		s.rows, s.step = v.out, v.stride
		s.outRow = s.row()
	default:
		s.outRow = v.stride * s.row()
	}
	return s
}

// row returns the elements of a row, all its phases.
func (s *convSource) row() int { return s.phases * s.line * s.lanes }

// plane returns the elements of a plane.
func (s *convSource) plane() int { return s.rows * s.row() }

// tap returns where tap (r, q) of the kernel meets the plane.
func (s *convSource) tap(r, q int) int {
	column := q * s.dw
	return r*s.dh*s.row() + (column%s.stride*s.line+column/s.stride)*s.lanes
}

// prepare writes a plane of the input, whose pixels are lanes elements each.
func prepare[T Float](t *loops[T], s *convSource, dst, src []T) {
	top, bottom := span(s.rows, s.h, s.step, -s.top)
	if s.top|s.left != 0 || bottom-top < s.rows || s.line*s.stride > s.w {
		clear(dst)
	}
	prepareInside(t, s, dst, src)
}

// prepareInside writes what lies inside the plane, and leaves the padding.
func prepareInside[T Float](t *loops[T], s *convSource, dst, src []T) {
	row, width := s.row(), s.w*s.lanes
	top, bottom := span(s.rows, s.h, s.step, -s.top)
	if top >= bottom {
		return
	}
	dst, src = dst[top*row:], src[(top*s.step-s.top)*width:]
	if s.stride == 1 {
		lo, hi := span(s.line, s.w, 1, -s.left)
		if lo < hi {
			t.padLines(dst[lo*s.lanes:], row, src[(lo-s.left)*s.lanes:], s.step*width, (hi-lo)*s.lanes, bottom-top)
		}
		return
	}
	for i := range bottom - top {
		prepareRow(t, s, dst[i*row:], src[i*s.step*width:])
	}
}

// prepareRow sorts the pixels of a row by the remainder of their column.
func prepareRow[T Float](t *loops[T], s *convSource, dst, src []T) {
	if s.stride == 2 && s.phases == 2 && s.lanes == 1 && s.left >= 0 && s.left < 2*s.line {
		// The row begins at the end of a pair if the padding is odd.
		q, x, n := s.left/2, 0, 0
		if s.left%2 == 1 {
			dst[s.line+q] = src[0]
			q, x = q+1, 1
		}
		if n = min(s.line-q, (s.w-x)/2); n > 0 {
			t.unzip(dst[q:q+n], dst[s.line+q:][:n], src[x:])
			if q+n < s.line && x+2*n < s.w {
				dst[q+n] = src[x+2*n]
			}
			return
		}
	}
	for f := range s.phases {
		lo, hi := span(s.line, s.w, s.stride, f-s.left)
		at := (lo*s.stride + f - s.left) * s.lanes
		if s.lanes == 1 {
			for j := range dst[f*s.line:][lo:max(lo, hi)] {
				dst[f*s.line+lo+j] = src[at]
				at += s.stride
			}
			continue
		}
		for j := lo * s.lanes; j < hi*s.lanes; j += s.lanes {
			copy(dst[f*s.line*s.lanes+j:][:s.lanes], src[at:])
			at += s.stride * s.lanes
		}
	}
}
