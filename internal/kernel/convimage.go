package kernel

// The unrolled image of a convolution, row (c, r, q) of which holds what tap
// (r, q) of the kernel meets in channel c at each output position. It is read
// from an image with its padding in place, so that no tap falls outside; then
// a row is the image itself from some offset on, in one run per output row.

// convSource is a group's part of an image with its padding.
type convSource[T Float] struct {
	data       []T
	row, plane int // distance of rows and of channels
	top        int // the row, counted with the padding, that comes first
}

// convRun says that output positions [at, at+n) meet elements from, from+stride, ….
type convRun struct{ at, n, from int }

// padded reports whether an image has to be copied to get its padding.
func (c *Conv[T]) padded() bool {
	return c.PadTop|c.PadBottom|c.PadLeft|c.PadRight != 0
}

// paddedRows returns the greatest number of rows that n positions meet.
func (c *Conv[T]) paddedRows(n int) int {
	rows := max(1, min(c.OutH(), (n+c.OutW()-2)/max(1, c.OutW())+1))
	return (rows-1)*max(1, c.StrideH) + max(1, c.DilationH)*(c.KH-1) + 1
}

// paddedLen returns the length of the part of an image that n positions meet,
// for one group.
func (c *Conv[T]) paddedLen(n int) int {
	if !c.padded() {
		return 0
	}
	return c.C / max(1, c.Groups) * c.paddedRows(n) * (c.W + c.PadLeft + c.PadRight)
}

// source returns the image that positions [at, at+n) meet: x itself, or the
// rows in question copied to scratch with their padding.
func (c *Conv[T]) source(x, scratch []T, at, n int) convSource[T] {
	if !c.padded() {
		return convSource[T]{data: x, row: c.W, plane: c.H * c.W}
	}
	s := &c.call
	top := at / s.ow * s.sh
	rows := (at+n-1)/s.ow*s.sh + s.dh*(c.KH-1) + 1 - top
	src := convSource[T]{data: scratch, row: c.W + c.PadLeft + c.PadRight, top: top}
	src.plane = rows * src.row
	for ch := range s.cg {
		plane := x[ch*c.H*c.W:][:c.H*c.W]
		for i := range rows {
			c.padRow(scratch[(ch*rows+i)*src.row:][:src.row], plane, top+i-c.PadTop)
		}
	}
	return src
}

// padRow writes row y of a plane with its padding.
func (c *Conv[T]) padRow(dst, plane []T, y int) {
	lo, hi := c.insideRow(len(dst))
	if y < 0 || y >= c.H || lo >= hi {
		clear(dst)
		return
	}
	clear(dst[:lo])
	copyShort(dst[lo:hi], plane[y*c.W+lo-c.PadLeft:])
	clear(dst[hi:])
}

// insideRow returns the part of a padded row that lies in the image.
func (c *Conv[T]) insideRow(width int) (lo, hi int) {
	return min(max(0, c.PadLeft), width), min(max(0, c.PadLeft+c.W), width)
}

// crop writes an image without the padding that src has.
func (c *Conv[T]) crop(x []T, src convSource[T]) {
	lo, hi := c.insideRow(src.row)
	for ch := range c.call.cg {
		for y := range c.H {
			out := x[(ch*c.H+y)*c.W:][:c.W]
			at := y + c.PadTop
			if at < 0 || (at+1)*src.row > src.plane || lo >= hi {
				clear(out)
				continue
			}
			from := lo - c.PadLeft
			clear(out[:from])
			copy(out[from:], src.data[ch*src.plane+at*src.row:][lo:hi])
			clear(out[from+hi-lo:])
		}
	}
}

// runs appends the runs of positions [at, at+n) in a source.
func (c *Conv[T]) runs(dst []convRun, src *convSource[T], at, n int) []convRun {
	s := &c.call
	if s.sw == 1 && s.sh == 1 && src.row == s.ow {
		return append(dst, convRun{0, n, at - src.top*src.row})
	}
	y, x := at/s.ow, at%s.ow
	for i := 0; i < n; {
		length := min(s.ow-x, n-i)
		dst = append(dst, convRun{i, length, (y*s.sh-src.top)*src.row + x*s.sw})
		i += length
		x = 0
		y++
	}
	return dst
}

// offset returns where row i of the unrolled image begins in a source.
func (c *Conv[T]) offset(src *convSource[T], i int) int {
	taps := c.KH * c.KW
	ch, r, q := i/taps, i%taps/c.KW, i%c.KW
	return ch*src.plane + r*c.call.dh*src.row + q*c.call.dw
}

// unroll writes rows [first, first+count) of the unrolled image, n positions
// each and width apart; elements between them become zero.
func (c *Conv[T]) unroll(dst []T, width int, src *convSource[T], runs []convRun, first, count, n int) {
	s := &c.call
	q, r := first%c.KW, first/c.KW%c.KH
	from := c.offset(src, first)
	for range count {
		row, data := dst[:width], src.data[from:]
		dst = dst[width:]
		if s.sw == 1 {
			for _, run := range runs {
				copyShort(row[run.at:run.at+run.n], data[run.from:])
			}
		} else {
			for _, run := range runs {
				at := run.from
				out := row[run.at:][:run.n]
				for i := range out {
					out[i] = data[at]
					at += s.sw
				}
			}
		}
		if n < width {
			clear(row[n:])
		}
		from += s.dw
		if q++; q == c.KW {
			q = 0
			from += s.dh*src.row - c.KW*s.dw
			if r++; r == c.KH {
				r = 0
				from += src.plane - c.KH*s.dh*src.row
			}
			from = min(from, len(src.data)) // past the last row
		}
	}
}

// fold adds rows [first, first+count) of an unrolled image, n positions each,
// to where unroll reads them.
func (c *Conv[T]) fold(dst *convSource[T], rows []T, runs []convRun, first, count, n int) {
	stride := c.call.sw
	for i := first; i < first+count; i++ {
		row, data := rows[:n], dst.data[c.offset(dst, i):]
		rows = rows[n:]
		for _, run := range runs {
			in := row[run.at:][:run.n]
			if stride == 1 {
				out := data[run.from:][:len(in)]
				for j, v := range in {
					out[j] += v
				}
				continue
			}
			at := run.from
			for _, v := range in {
				data[at] += v
				at += stride
			}
		}
	}
}

// copyShort copies src to the whole of dst; for short runs it is quicker than
// copy.
func copyShort[T Float](dst, src []T) {
	src = src[:len(dst)]
	if len(dst) > 64 {
		copy(dst, src)
		return
	}
	for len(dst) >= 8 {
		*(*[8]T)(dst) = *(*[8]T)(src)
		dst, src = dst[8:], src[8:]
	}
	for i, v := range src {
		dst[i] = v
	}
}
