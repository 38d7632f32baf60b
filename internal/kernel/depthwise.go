package kernel

import (
	"slices"

	"github.com/emberml/ember/internal/parallel"
)

// The convolution with one input channel per group: direct loops over planes
// that are prepared one at a time.

// depthTileRows returns the most rows of n pixels that loops.depthTile takes.
func depthTileRows(n int) int {
	if n > 2*convLanes {
		return 4
	}
	return 6
}

const (
	// depthRows is the least number of rows for loops.depthPlane.
	depthRows = 4
	// depthBand is about the number of elements of the input that it reads at a
	// time: they take half of the first cache.
	depthBand = 4096
	// convDotTaps is the most taps of a sum of products of one row.
	convDotTaps = 9
	// convDotPlanes is the number of planes whose sums are held at a time: those
	// of an image lie side by side, those of the next one far away.
	convDotPlanes = 16
	convDotSums   = convDotPlanes * convDotTaps * convLanes
)

// depthPlane is one call of loops.depthPlane, of at least depthRows rows of at
// least 4 pixels:
//
//	c[i*ldc + j] = bias + sum over r, q < 3 of
//		w[3*r + q] * b[(i*stride + r)*ldb + (0, second or third) + j*stride]
//
// not below low and not above high. For fewer than convLanes pixels what so many
// meet is read all the same, and ldc is n.
type depthPlane struct {
	rows, n       int
	stride        int // 1 or 2, of rows and pixels
	ldb           int
	second, third int // from the first column of the kernel to the others, 1 and 2 for a stride of 2
	ldc           int
}

// convDepthwise is the state of a pass that its tasks share.
type convDepthwise[T Float] struct {
	t             *loops[T]
	source        convSource
	band          depthPlane // what is computed at a time with loops.depthPlane, if it has rows
	low, high     T
	h, w          int // of a plane of the input
	sh, sw        int // from one of its elements to the next in the prepared plane
	oh, ow        int // of a plane of the result, or of dy
	planes        int // of the input that one plane of the result is made of
	shared        int // planes of the result that are made of the same input
	offsets       []int
	y, x, weights []T
	bias          []T
	epilogue      Epilogue[T]
	perWorker     []T
	workerLen     int
	multipliers   int
}

// pairs reports whether loops.depthPlane takes every second pixel of a pass
// itself.
func (c *Conv[T]) pairs(pass ConvPass) bool {
	return pass == ConvForward && c.KH == 3 && c.KW == 3 && c.StrideH == 2 && c.StrideW == 2 &&
		max(c.DilationH, c.DilationW) <= 1 && c.OutH() >= depthRows && c.OutW() >= 4
}

// depthwiseSource lays out the planes that a pass reads, and returns how many
// of them there are for each that it writes. pairs leaves pixels in their order
// that would be sorted.
func (c *Conv[T]) depthwiseSource(pass ConvPass, pairs bool) (s convSource, planes int) {
	if pass == ConvGradInput {
		p := c.gradWindows()
		s = newConvSource(p[0], p[1], 1)
		s.copied = s.copied || !c.dense()
		return s, c.M / c.C
	}
	p := c.windows()
	if pairs {
		p[1].out, p[1].stride = 2*p[1].out-1, 1
	}
	s = newConvSource(p[0], p[1], 1)
	s.copied = s.copied || pairs
	return s, 1
}

func (c *Conv[T]) depthwiseScratch(pass ConvPass, threads int) int {
	s, planes := c.depthwiseSource(pass, false)
	worker := depthwiseWorker(&s, planes)
	if c.pairs(pass) {
		s, planes = c.depthwiseSource(pass, true)
		worker = max(worker, depthwiseWorker(&s, planes))
	}
	return c.M*c.KH*c.KW + threads*worker
}

// depthwiseWorker is the scratch of one worker: planes, of which whole vectors
// are read, and sums.
func depthwiseWorker(s *convSource, planes int) int {
	return planes*s.plane() + 2*convLanes + convDotSums
}

// depthwiseBegin plans a pass over the planes of x.
func (c *Conv[T]) depthwiseBegin(pass ConvPass, scratch []T) *convDepthwise[T] {
	c.begin()
	d := &c.depth
	*d = convDepthwise[T]{t: loopsOf[T](), oh: c.OutH(), ow: c.OutW(), multipliers: c.M / c.C}
	pairs := d.t.depthPlane != nil && c.pairs(pass)
	d.source, d.planes = c.depthwiseSource(pass, pairs)
	d.shared = d.multipliers
	d.h, d.w, d.sh, d.sw = c.H, c.W, 1, 1
	if pass == ConvGradInput {
		d.h, d.w, d.sh, d.sw = d.oh, d.ow, c.call.sh, c.call.sw
		d.oh, d.ow, d.shared = c.H, c.W, 1
	}
	d.offsets = c.tapOffsets(&d.source, d.planes, false)
	d.perWorker, d.workerLen = scratch, depthwiseWorker(&d.source, d.planes)
	d.low, d.high = inf[T](-1), inf[T](1)
	if rows := d.bandRows(c, pairs); rows > 0 {
		d.band = depthPlane{
			rows: rows, n: d.ow, stride: d.source.outRow / d.source.row(), ldb: d.source.row(), ldc: d.ow,
			second: d.offsets[1], third: d.offsets[2],
		}
	}
	return d
}

// bandRows returns the number of rows of a plane of the result to compute at a
// time with loops.depthPlane, or 0 where it does not do.
func (d *convDepthwise[T]) bandRows(c *Conv[T], pairs bool) int {
	s := &d.source
	switch {
	case d.t.depthPlane == nil || d.planes > 1 || c.KH != 3 || c.KW != 3 || s.dh != 1:
		return 0
	case s.outRow > s.row() && !pairs || d.oh < depthRows || d.ow < 4 || d.ow < convLanes && !s.copied:
		return 0
	case d.sh > 1 || d.sw > 1: // spread as a whole
		return d.oh
	}
	return max(depthRows, blockOf(d.oh, max(1, depthBand/s.outRow)))
}

func (c *Conv[T]) depthwiseForward(pool *parallel.Pool, y, x, w, bias, scratch []T) {
	if y = y[:c.N*c.M*c.OutH()*c.OutW()]; len(y) == 0 {
		return
	}
	weights, scratch := split(scratch, c.M*c.KH*c.KW)
	switch {
	case c.Packed != nil:
		weights = c.Packed[:len(weights)]
	case c.Scale != nil:
		c.packPlanes(weights, w)
	default:
		weights = w[:len(weights)]
	}
	d := c.depthwiseBegin(ConvForward, scratch)
	d.y, d.x, d.weights, d.bias = y, x[:c.N*c.C*c.H*c.W], weights, bias
	d.epilogue = c.epilogue()
	if d.band.rows > 0 {
		d.limit()
	}
	pool.For(c.N*c.M, (*convDepthwisePlanes[T])(d))
	*d = convDepthwise[T]{}
}

// limit lets loops.depthPlane do an activation that is a limit, where nothing
// comes before it.
func (d *convDepthwise[T]) limit() {
	e := &d.epilogue
	if e.Activation == nil || e.Residual != nil {
		return
	}
	switch a := e.Activation; a.Op {
	case Relu:
		d.low = 0
	case Clip:
		d.low, d.high = T(a.Alpha), T(a.Beta)
	default:
		return
	}
	e.Activation = nil
}

func (c *Conv[T]) depthwiseInput(pool *parallel.Pool, dx, dy, w, scratch []T) {
	dx, dy, w = dx[:c.N*c.C*c.H*c.W], dy[:c.N*c.M*c.OutH()*c.OutW()], w[:c.M*c.KH*c.KW]
	if len(dy) == 0 || len(dx) == 0 {
		clear(dx)
		return
	}
	reversed, scratch := split(scratch, len(w))
	for at := 0; at < len(w); at += c.KH * c.KW {
		kernel := reversed[at:][:copy(reversed[at:], w[at:][:c.KH*c.KW])]
		slices.Reverse(kernel)
	}
	d := c.depthwiseBegin(ConvGradInput, scratch)
	d.y, d.x, d.weights = dx, dy, reversed
	pool.For(c.N*c.C, (*convDepthwisePlanes[T])(d))
	*d = convDepthwise[T]{}
}

type convDepthwisePlanes[T Float] convDepthwise[T]

// Do computes planes of y, or of dx.
func (t *convDepthwisePlanes[T]) Do(lo, hi, worker int) {
	d := (*convDepthwise[T])(t)
	pos, k := d.oh*d.ow, len(d.offsets)
	channels := len(d.weights) / k
	d.clear(worker)
	for i := lo; i < hi; i++ {
		y := d.y[i*pos:][:pos]
		w := d.weights[i%channels*k:][:k]
		var bias T
		if d.bias != nil {
			bias = d.bias[i%channels]
		}
		if d.band.rows > 0 {
			d.bands(i, worker, y, w, bias)
			continue
		}
		d.tiles(d.prepare(i/d.shared*d.planes, worker), y, w, bias)
		d.epilogue.finish(y, pos, i, 1, 0, pos)
	}
}

// tiles computes a plane of the result from what the taps meet.
func (d *convDepthwise[T]) tiles(x, y, w []T, bias T) {
	for j := 0; j < d.ow; {
		n := min(d.ow-j, convTileVectors*convLanes)
		if most := 2 * convLanes; d.ow-j > n && d.ow-j <= n+convLanes {
			n = most
		}
		rows := depthTileRows(n)
		for r := 0; r < d.oh; r += rows {
			d.t.depthTile(min(rows, d.oh-r), w, x[r*d.source.outRow+j:], d.source.outRow, d.offsets, y[r*d.ow+j:], d.ow, n, bias)
		}
		j += n
	}
}

// bands computes plane i of the result, some rows at a time. The last ones
// may have been computed before.
func (d *convDepthwise[T]) bands(i, worker int, y, w []T, bias T) {
	rows := d.band.rows
	for at := 0; at < d.oh; at += rows {
		first := min(at, d.oh-rows)
		c := y[first*d.ow:][:rows*d.ow]
		d.t.depthPlane(d.band, w, d.prepareRows(i/d.shared, worker, first), c, bias, d.low, d.high)
		d.epilogue.finish(c, len(y), i, 1, first*d.ow, len(c))
	}
}

// clear makes the padding of the planes that a worker prepares, which stays.
func (d *convDepthwise[T]) clear(worker int) {
	if d.source.copied {
		clear(d.perWorker[worker*d.workerLen:][:d.planes*d.source.plane()])
	}
}

// prepareRows returns what the taps meet for a band of rows of the result.
func (d *convDepthwise[T]) prepareRows(plane, worker, first int) []T {
	from := first * d.source.outRow
	if !d.source.copied || d.band.rows == d.oh {
		return d.prepare(plane, worker)[from:]
	}
	s := d.source
	s.top -= from / s.row()
	s.rows = (d.band.rows-1)*d.band.stride + 3
	dst := d.perWorker[worker*d.workerLen:][:d.workerLen]
	top, bottom := span(s.rows, s.h, 1, -s.top)
	clear(dst[:top*s.row()])
	clear(dst[max(top, bottom)*s.row() : s.plane()])
	size := d.h * d.w
	prepareInside(d.t, &s, dst, d.x[plane*size:][:size])
	return dst
}

// prepare returns the planes of the input from one on, as the taps meet them;
// their padding is clear.
func (d *convDepthwise[T]) prepare(plane, worker int) []T {
	s := &d.source
	size := d.h * d.w
	x := d.x[plane*size:][:d.planes*size]
	if !s.copied {
		return x
	}
	dst := d.perWorker[worker*d.workerLen:][:d.workerLen]
	for i := range d.planes {
		from, to := x[i*size:][:size], dst[i*s.plane():][:s.plane()]
		if d.sh > 1 || d.sw > 1 {
			d.spread(to, from)
		} else {
			prepareInside(d.t, s, to, from)
		}
	}
	return dst
}

// spread writes a plane of dy between zeros where the kernel skips elements of
// the result, so that dx is a convolution of it.
func (d *convDepthwise[T]) spread(dst, src []T) {
	s := &d.source
	top, bottom := span(d.h, s.rows, d.sh, s.top)
	lo, hi := span(d.w, s.line, d.sw, s.left)
	if lo >= hi {
		return
	}
	for i := top; i < bottom; i++ {
		row, at := dst[(i*d.sh+s.top)*s.line:], lo*d.sw+s.left
		for _, v := range src[i*d.w+lo : i*d.w+hi] {
			row[at] = v
			at += d.sw
		}
	}
}

func (c *Conv[T]) depthwiseWeight(pool *parallel.Pool, dw, x, dy, scratch []T) {
	dw, dy = dw[:c.M*c.KH*c.KW], dy[:c.N*c.M*c.OutH()*c.OutW()]
	if len(dy) == 0 {
		clear(dw)
		return
	}
	d := c.depthwiseBegin(ConvGradWeight, scratch)
	d.weights, d.x, d.y = dw, x[:c.N*c.C*c.H*c.W], dy
	pool.For(c.M, (*convDepthwiseWeight[T])(d))
	*d = convDepthwise[T]{}
}

type convDepthwiseWeight[T Float] convDepthwise[T]

// Do computes the weights' gradient of output channels: the lanes' sums over
// images in order, and then the sum of the lanes of each tap.
func (t *convDepthwiseWeight[T]) Do(lo, hi, worker int) {
	d := (*convDepthwise[T])(t)
	pos, k := d.oh*d.ow, len(d.offsets)
	channels := len(d.weights) / k
	images := len(d.y) / (channels * pos)
	sums := d.perWorker[(worker+1)*d.workerLen-convDotSums:][:convDotSums]
	d.clear(worker)
	dot := convDot{rows: 1, lines: d.oh, n: d.ow, aline: d.ow, bline: d.source.outRow}
	for ; lo < hi; lo += convDotPlanes {
		block := min(convDotPlanes, hi-lo)
		for at := 0; at < k; at += convDotTaps {
			dot.taps = min(convDotTaps, k-at)
			size := dot.taps * convLanes
			clear(sums)
			for n := range images {
				for i := range block {
					plane := n*channels + lo + i
					x := d.prepare(plane/d.multipliers, worker)
					d.t.convDot(dot, d.y[plane*pos:][:pos], x, d.offsets[at:], sums[i*size:][:size])
				}
			}
			for i := range block * dot.taps {
				d.weights[(lo+i/dot.taps)*k+at+i%dot.taps] = sumOf(sums[i*convLanes:][:convLanes])
			}
		}
	}
}

// sumOf adds up the lanes of a vector, halves first.
func sumOf[T Float](v []T) T {
	_ = v[convLanes-1]
	a, b, c, d := v[0]+v[4], v[1]+v[5], v[2]+v[6], v[3]+v[7]
	return (a + c) + (b + d)
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
