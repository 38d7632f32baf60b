package kernel

// The unrolled image of a convolution, row (c, r, q) of which holds what tap
// (r, q) of the kernel meets in channel c at each output position. It is read
// from an image with its padding in place, so that no tap falls outside; then
// a row is the image itself from some offset on, in one run per output row.

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
	return c.C / max(1, c.Groups) * c.paddedRows(n) * max(0, c.W+c.PadLeft+c.PadRight)
}

// layout sets how images are laid out of which n positions are used at a time,
// and where the rows of the unrolled one begin.
func (c *Conv[T]) layout(threads, n int) {
	s := &c.call
	s.row, s.plane = c.W, c.H*c.W
	if c.padded() {
		s.row = c.W + c.PadLeft + c.PadRight
		s.plane = c.paddedRows(n) * s.row
	}
	if len(c.offsets) < s.k {
		c.offsets = make([]int, s.k)
	}
	if len(c.runs) < threads*convRuns {
		c.runs = make([]convRun, threads*convRuns)
	}
	i := 0
	for ch := range s.cg {
		for r := range c.KH {
			for q := range c.KW {
				c.offsets[i] = ch*s.plane + r*s.dh*s.row + q*s.dw
				i++
			}
		}
	}
}

// source returns the image that positions [at, at+n) meet, and its first row,
// counted with the padding: x itself, or the rows in question copied to
// scratch with their padding.
func (c *Conv[T]) source(x, scratch []T, at, n int) (image []T, top int) {
	if !c.padded() {
		return x, 0
	}
	s := &c.call
	top = at / s.ow * s.sh
	rows := (at+n-1)/s.ow*s.sh + s.dh*(c.KH-1) + 1 - top
	for ch := range s.cg {
		plane := x[ch*c.H*c.W:][:c.H*c.W]
		for i := range rows {
			c.padRow(scratch[ch*s.plane+i*s.row:][:s.row], plane, top+i-c.PadTop)
		}
	}
	return scratch, top
}

// padRow writes row y of a plane with its padding.
func (c *Conv[T]) padRow(dst, plane []T, y int) {
	lo, hi := c.insideRow(len(dst))
	if y < 0 || y >= c.H || lo >= hi {
		clear(dst)
		return
	}
	clear(dst[:lo])
	copy(dst[lo:hi], plane[y*c.W+lo-c.PadLeft:])
	clear(dst[hi:])
}

// insideRow returns the part of a padded row that lies in the image.
func (c *Conv[T]) insideRow(width int) (lo, hi int) {
	return min(max(0, c.PadLeft), width), min(max(0, c.PadLeft+c.W), width)
}

// crop writes an image without its padding.
func (c *Conv[T]) crop(x, padded []T) {
	s := &c.call
	lo, hi := c.insideRow(s.row)
	for ch := range s.cg {
		for y := range c.H {
			out := x[(ch*c.H+y)*c.W:][:c.W]
			at := (y + c.PadTop) * s.row
			if at < 0 || at >= s.plane || lo >= hi {
				clear(out)
				continue
			}
			from := lo - c.PadLeft
			clear(out[:from])
			copy(out[from:], padded[ch*s.plane+at:][lo:hi])
			clear(out[from+hi-lo:])
		}
	}
}

// convRuns is the greatest number of runs, one per position, in a block.
const convRuns = max(convPositions, depth)

// findRuns returns the runs of positions [at, at+n) in an image whose first
// row is top. They lie in the worker's own memory.
func (c *Conv[T]) findRuns(worker, top, at, n int) []convRun {
	s := &c.call
	dst := c.runs[worker*convRuns:][:0:convRuns]
	if s.sw == 1 && s.sh == 1 && s.row == s.ow {
		return append(dst, convRun{0, n, at - top*s.row})
	}
	y, x := at/s.ow, at%s.ow
	for i := 0; i < n; {
		length := min(s.ow-x, n-i)
		dst = append(dst, convRun{i, length, (y*s.sh-top)*s.row + x*s.sw})
		i += length
		x = 0
		y++
	}
	return dst
}

// unroll writes rows of the unrolled image that begin at offsets in an image, n
// positions each and width apart; elements between them become zero.
func (s *convCall[T]) unroll(rows []T, width int, image []T, offsets []int, runs []convRun, n int) {
	if n < width {
		clear(rows[:len(offsets)*width])
	}
	if s.sw == 1 {
		s.t.unroll(rows, width, image, offsets, runs)
		return
	}
	for i, from := range offsets {
		for _, r := range runs {
			at := from + r.from
			out := rows[i*width+r.at:][:r.n]
			for j := range out {
				out[j] = image[at]
				at += s.sw
			}
		}
	}
}

// fold adds rows of the unrolled gradient to where unroll reads them.
func (s *convCall[T]) fold(rows []T, width int, image []T, offsets []int, runs []convRun) {
	if s.sw == 1 {
		s.t.fold(rows, width, image, offsets, runs)
		return
	}
	for i, from := range offsets {
		for _, r := range runs {
			at := from + r.from
			for _, v := range rows[i*width+r.at:][:r.n] {
				image[at] += v
				at += s.sw
			}
		}
	}
}

// goUnroll defines loops.unroll.
func goUnroll[T Float](rows []T, width int, image []T, offsets []int, runs []convRun) {
	for i, from := range offsets {
		row, data := rows[i*width:], image[from:]
		for _, r := range runs {
			out := row[r.at:][:r.n]
			in := data[r.from:][:len(out)]
			if len(out) > 32 {
				copy(out, in)
				continue
			}
			//lint:ignore S1001 a call of copy costs more than a short run
			for j, v := range in {
				out[j] = v
			}
		}
	}
}

// goFold defines loops.fold.
func goFold[T Float](rows []T, width int, image []T, offsets []int, runs []convRun) {
	for i, from := range offsets {
		row, data := rows[i*width:], image[from:]
		for _, r := range runs {
			in := row[r.at:][:r.n]
			out := data[r.from:][:len(in)]
			for j, v := range in {
				out[j] += v
			}
		}
	}
}
