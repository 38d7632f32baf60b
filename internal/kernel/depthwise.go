package kernel

import "github.com/emberml/ember/internal/parallel"

// The convolution with one input channel per group: direct loops over planes
// that are prepared one at a time.

// depthTileRows returns the most rows of n pixels that loops.depthTile takes.
func depthTileRows(n int) int {
	if n > 2*convLanes {
		return 4
	}
	return 6
}

// convDotTaps is the most taps of a sum of products of one row.
const convDotTaps = 9

// convDepthwise is the state of a pass that its tasks share.
type convDepthwise[T Float] struct {
	t           *loops[T]
	source      convSource
	oh, ow      int // of a plane of the result, or of dy
	planes      int // of the input that one plane of the result is made of
	shared      int // planes of the result that are made of the same input
	offsets     []int
	y, x, w     []T
	bias        []T
	epilogue    Epilogue[T]
	perWorker   []T
	workerLen   int
	multipliers int
}

// depthwiseSource lays out the planes that a pass reads, and returns how many
// of them there are for each that it writes.
func (c *Conv[T]) depthwiseSource(pass ConvPass) (s convSource, planes int) {
	if pass == ConvGradInput {
		p := c.gradWindows()
		return newConvSource(p[0], p[1], 1), c.M / c.C
	}
	p := c.windows()
	return newConvSource(p[0], p[1], 1), 1
}

func (c *Conv[T]) depthwiseScratch(pass ConvPass, threads int) int {
	if pass == ConvGradInput && !c.dense() {
		return 0
	}
	s, planes := c.depthwiseSource(pass)
	return c.M*c.KH*c.KW + threads*(planes*s.plane()+convDotTaps*convLanes)
}

// depthwiseBegin plans a pass over the planes of x.
func (c *Conv[T]) depthwiseBegin(pass ConvPass, scratch []T) *convDepthwise[T] {
	c.begin()
	d := &c.depth
	*d = convDepthwise[T]{t: loopsOf[T](), oh: c.OutH(), ow: c.OutW(), multipliers: c.M / c.C}
	d.source, d.planes = c.depthwiseSource(pass)
	d.shared = d.multipliers
	if pass == ConvGradInput {
		d.oh, d.ow, d.shared = c.H, c.W, 1
	}
	d.offsets = c.tapOffsets(&d.source, d.planes, pass == ConvGradInput)
	d.perWorker, d.workerLen = scratch, d.planes*d.source.plane()+convDotTaps*convLanes
	return d
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
	d.y, d.x, d.w, d.bias = y, x[:c.N*c.C*c.H*c.W], weights, bias
	d.epilogue = c.epilogue()
	pool.For(c.N*c.M, (*convDepthwisePlanes[T])(d))
	*d = convDepthwise[T]{}
}

func (c *Conv[T]) depthwiseInput(pool *parallel.Pool, dx, dy, w, scratch []T) {
	dx, dy, w = dx[:c.N*c.C*c.H*c.W], dy[:c.N*c.M*c.OutH()*c.OutW()], w[:c.M*c.KH*c.KW]
	if len(dy) == 0 || len(dx) == 0 {
		clear(dx)
		return
	}
	if !c.dense() {
		s := c.begin()
		s.x, s.y, s.w = dx, dy, w
		pool.For(c.N*c.C, (*convDepthwiseInput[T])(c))
		c.call = convCall[T]{}
		return
	}
	d := c.depthwiseBegin(ConvGradInput, scratch)
	d.y, d.x, d.w = dx, dy, w
	pool.For(c.N*c.C, (*convDepthwisePlanes[T])(d))
	*d = convDepthwise[T]{}
}

type convDepthwisePlanes[T Float] convDepthwise[T]

// Do computes planes of y, or of dx.
func (t *convDepthwisePlanes[T]) Do(lo, hi, worker int) {
	d := (*convDepthwise[T])(t)
	pos, k := d.oh*d.ow, len(d.offsets)
	channels := len(d.w) / k
	for i := lo; i < hi; i++ {
		x := d.prepare(i/d.shared*d.planes, worker)
		y := d.y[i*pos:][:pos]
		w := d.w[i%channels*k:][:k]
		var bias T
		if d.bias != nil {
			bias = d.bias[i%channels]
		}
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
		d.epilogue.finish(y, pos, i, 1, 0, pos)
	}
}

// prepare returns the planes of the input from one on, as the taps meet them.
func (d *convDepthwise[T]) prepare(plane, worker int) []T {
	s := &d.source
	size := s.h * s.w
	x := d.x[plane*size:][:d.planes*size]
	if !s.copied {
		return x
	}
	dst := d.perWorker[worker*d.workerLen:][:d.workerLen]
	for i := range d.planes {
		prepare(d.t, s, dst[i*s.plane():][:s.plane()], x[i*size:][:size])
	}
	return dst
}

type convDepthwiseInput[T Float] Conv[T]

// Do computes planes of dx where the kernel skips rows or columns, one row of
// dy at a time for each tap.
func (t *convDepthwiseInput[T]) Do(lo, hi, _ int) {
	c := (*Conv[T])(t)
	s := &c.call
	for i := lo; i < hi; i++ {
		dx := s.x[i*c.H*c.W:][:c.H*c.W]
		clear(dx)
		for j := range s.mg {
			m := i%c.C*s.mg + j
			dy := s.y[(i/c.C*c.M+m)*s.pos:][:s.pos]
			w := s.w[m*s.k:][:s.k]
			c.taps(func(tap, out, n, in int) {
				v, src, dst := w[tap], dy[out:out+n], dx[in:]
				for j, d := range src {
					dst[j*s.sw] += T(v * d)
				}
			})
		}
	}
}

// taps calls f for each tap (r, q) of the kernel and each row of the result
// that it meets: outputs [lo, hi) of row oy meet inputs from index in of the
// plane on, stride apart.
func (c *Conv[T]) taps(f func(tap, out, n, in int)) {
	s := &c.call
	for r := range c.KH {
		top, bottom := span(s.oh, c.H, s.sh, r*s.dh-c.PadTop)
		for q := range c.KW {
			shift := q*s.dw - c.PadLeft
			lo, hi := span(s.ow, c.W, s.sw, shift)
			if lo >= hi {
				continue
			}
			for oy := top; oy < bottom; oy++ {
				iy := oy*s.sh + r*s.dh - c.PadTop
				f(r*c.KW+q, oy*s.ow+lo, hi-lo, iy*c.W+lo*s.sw+shift)
			}
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
	d.w, d.x, d.y = dw, x[:c.N*c.C*c.H*c.W], dy
	pool.For(c.M, (*convDepthwiseWeight[T])(d))
	*d = convDepthwise[T]{}
}

type convDepthwiseWeight[T Float] convDepthwise[T]

// Do computes the weights' gradient of output channels: the lanes' sums over
// images in order, and then the sum of the lanes of each tap.
func (t *convDepthwiseWeight[T]) Do(lo, hi, worker int) {
	d := (*convDepthwise[T])(t)
	pos, k := d.oh*d.ow, len(d.offsets)
	channels := len(d.w) / k
	images := len(d.y) / (channels * pos)
	sums := d.perWorker[worker*d.workerLen+d.source.plane():][:convDotTaps*convLanes]
	dot := convDot{rows: 1, lines: d.oh, n: d.ow, aline: d.ow, bline: d.source.outRow}
	for m := lo; m < hi; m++ {
		for at := 0; at < k; at += convDotTaps {
			dot.taps = min(convDotTaps, k-at)
			clear(sums)
			for n := range images {
				x := d.prepare((n*channels+m)/d.multipliers, worker)
				d.t.convDot(dot, d.y[(n*channels+m)*pos:][:pos], x, d.offsets[at:], sums)
			}
			for i := range dot.taps {
				d.w[m*k+at+i] = sumOf(sums[i*convLanes:][:convLanes])
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
