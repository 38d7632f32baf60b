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

const (
	// convDotTaps is the most taps of a sum of products of one row.
	convDotTaps = 9
	// convDotPlanes is the number of planes whose sums are held at a time: those
	// of an image lie side by side, those of the next one far away.
	convDotPlanes = 16
	convDotSums   = convDotPlanes * convDotTaps * convLanes
)

// convDepthwise is the state of a pass that its tasks share.
type convDepthwise[T Float] struct {
	t             *loops[T]
	source        convSource
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

// depthwiseSource lays out the planes that a pass reads, and returns how many
// of them there are for each that it writes.
func (c *Conv[T]) depthwiseSource(pass ConvPass) (s convSource, planes int) {
	if pass == ConvGradInput {
		p := c.gradWindows()
		s = newConvSource(p[0], p[1], 1)
		s.copied = s.copied || !c.dense()
		return s, c.M / c.C
	}
	p := c.windows()
	return newConvSource(p[0], p[1], 1), 1
}

func (c *Conv[T]) depthwiseScratch(pass ConvPass, threads int) int {
	s, planes := c.depthwiseSource(pass)
	return c.M*c.KH*c.KW + threads*(planes*s.plane()+convDotSums)
}

// depthwiseBegin plans a pass over the planes of x.
func (c *Conv[T]) depthwiseBegin(pass ConvPass, scratch []T) *convDepthwise[T] {
	c.begin()
	d := &c.depth
	*d = convDepthwise[T]{t: loopsOf[T](), oh: c.OutH(), ow: c.OutW(), multipliers: c.M / c.C}
	d.source, d.planes = c.depthwiseSource(pass)
	d.shared = d.multipliers
	d.h, d.w, d.sh, d.sw = c.H, c.W, 1, 1
	if pass == ConvGradInput {
		d.h, d.w, d.sh, d.sw = d.oh, d.ow, c.call.sh, c.call.sw
		d.oh, d.ow, d.shared = c.H, c.W, 1
	}
	d.offsets = c.tapOffsets(&d.source, d.planes, pass == ConvGradInput)
	d.perWorker, d.workerLen = scratch, d.planes*d.source.plane()+convDotSums
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
	d.y, d.x, d.weights, d.bias = y, x[:c.N*c.C*c.H*c.W], weights, bias
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
	d := c.depthwiseBegin(ConvGradInput, scratch)
	d.y, d.x, d.weights = dx, dy, w
	pool.For(c.N*c.C, (*convDepthwisePlanes[T])(d))
	*d = convDepthwise[T]{}
}

type convDepthwisePlanes[T Float] convDepthwise[T]

// Do computes planes of y, or of dx.
func (t *convDepthwisePlanes[T]) Do(lo, hi, worker int) {
	d := (*convDepthwise[T])(t)
	pos, k := d.oh*d.ow, len(d.offsets)
	channels := len(d.weights) / k
	for i := lo; i < hi; i++ {
		x := d.prepare(i/d.shared*d.planes, worker)
		y := d.y[i*pos:][:pos]
		w := d.weights[i%channels*k:][:k]
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
			prepare(d.t, s, to, from)
		}
	}
	return dst
}

// spread writes a plane of dy with zeros where the kernel skips elements of the
// result, so that dx is a convolution of it.
func (d *convDepthwise[T]) spread(dst, src []T) {
	s := &d.source
	clear(dst)
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
	sums := d.perWorker[worker*d.workerLen+d.source.plane():][:convDotSums]
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
