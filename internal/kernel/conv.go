package kernel

import (
	"fmt"

	"github.com/emberml/ember/internal/parallel"
)

// Conv is a two-dimensional convolution, in the sense of neural networks (the
// kernel is not flipped), over contiguous arrays x [N, C, H, W], weights
// w [M, C/Groups, KH, KW] and y [N, M, OutH, OutW]:
//
//	y[n, m, i, j] = bias[m] + sum over c, r, s of w[m, c, r, s] *
//		x[n, g*C/Groups + c, i*StrideH + r*DilationH - PadTop, j*StrideW + s*DilationW - PadLeft]
//
// where g = m/(M/Groups) and x is zero outside. One dimension is H = KH = 1.
// It is a matrix product of the weights and an unrolled image, summed over
// (c, r, s) in that order with the splits of [Gemm]; threads share images and
// parts of images, so the bits do not depend on their number.
type Conv[T Float] struct {
	N, C, H, W           int
	M, KH, KW            int
	StrideH, StrideW     int // 0 means 1
	DilationH, DilationW int // 0 means 1
	PadTop, PadBottom    int // may be negative
	PadLeft, PadRight    int
	Groups               int // 0 means 1; divides C and M

	call    convCall[T]
	offsets []int     // where rows of the unrolled image begin
	runs    []convRun // convRuns for each worker
}

// ConvPass is one of the three products of a convolution.
type ConvPass uint8

// The passes.
const (
	ConvForward ConvPass = iota
	ConvGradInput
	ConvGradWeight
)

// convPositions is the number of output positions that are unrolled at a time.
const convPositions = 256

// convCall is the state of one pass that its tasks share, the geometry with
// defaults filled in among it.
type convCall[T Float] struct {
	t              *loops[T]
	x, w, y, bias  []T // dx, dw, dy in backward passes
	groups, cg, mg int // channels of a group
	k              int // weights of an output channel
	oh, ow, pos    int // output size, positions in an image
	sh, sw, dh, dw int
	row, plane     int // distance of rows and channels in an image with its padding
	rows           []T // packed weights
	parts          []T // sums of blocks of images, in the weights' pass
	perWorker      []T
	workerLen      int
	packed         bool
	blocks         int // of positions per image, or of images
}

// convMatrix is a strided left operand: tile t begins at data[t*step].
type convMatrix[T Float] struct {
	data           []T
	step, rsa, csa int
}

// OutH returns the height of the result, 0 if the kernel does not fit.
func (c *Conv[T]) OutH() int {
	return convSize(c.H+c.PadTop+c.PadBottom, c.KH, max(1, c.StrideH), max(1, c.DilationH))
}

// OutW returns the width of the result, 0 if the kernel does not fit.
func (c *Conv[T]) OutW() int {
	return convSize(c.W+c.PadLeft+c.PadRight, c.KW, max(1, c.StrideW), max(1, c.DilationW))
}

func convSize(in, kernel, stride, dilation int) int {
	room := in - dilation*(kernel-1) - 1
	if room < 0 {
		return 0
	}
	return room/stride + 1
}

// begin fills in the geometry of a call.
func (c *Conv[T]) begin() *convCall[T] {
	g := max(1, c.Groups)
	if c.C%g != 0 || c.M%g != 0 {
		panic(fmt.Sprintf("kernel: convolution of %d to %d channels in %d groups", c.C, c.M, g))
	}
	oh, ow := c.OutH(), c.OutW()
	c.call = convCall[T]{
		t:      loopsOf[T](),
		groups: g, cg: c.C / g, mg: c.M / g,
		k:  c.C / g * c.KH * c.KW,
		oh: oh, ow: ow, pos: oh * ow,
		sh: max(1, c.StrideH), sw: max(1, c.StrideW),
		dh: max(1, c.DilationH), dw: max(1, c.DilationW),
	}
	return &c.call
}

// depthwise reports whether every group has one input channel, so that a
// direct loop is better than a product with a short sum.
func (c *Conv[T]) depthwise() bool { return c.Groups > 1 && c.C == c.Groups }

// pointwise reports whether an image is its own unrolled form.
func (c *Conv[T]) pointwise() bool {
	return c.KH == 1 && c.KW == 1 && c.StrideH <= 1 && c.StrideW <= 1 &&
		c.PadTop|c.PadBottom|c.PadLeft|c.PadRight == 0
}

// packs reports whether packed weights are used often enough to pay.
func (c *Conv[T]) packs() bool {
	const positions = 192
	return c.N*c.OutH()*c.OutW() > positions
}

// ScratchLen returns the number of elements of scratch memory that a pass
// needs with a pool of the given number of threads, whatever variant is in use.
func (c *Conv[T]) ScratchLen(pass ConvPass, threads int) int {
	if c.depthwise() {
		return 0
	}
	g := max(1, c.Groups)
	k := c.C / g * c.KH * c.KW
	mg := c.M / g
	switch pass {
	case ConvForward:
		return c.rowsLen(mg, k, g) + threads*c.forwardWorker(k)
	case ConvGradInput:
		groups := (c.C/g + c.groupChannels() - 1) / c.groupChannels()
		return groups*c.rowsLen(c.groupRows(), mg, g) + threads*c.gradInputWorker(mg)
	default:
		return c.imageBlocks()*c.M*k + threads*c.gradWeightWorker(mg)
	}
}

// rowsLen is the length of packed weights: g matrices of m×k.
func (c *Conv[T]) rowsLen(m, k, g int) int {
	if !c.packs() {
		return 0
	}
	return g * (m + maxTileRows) * k
}

// forwardWorker is the scratch of one worker: a block of the unrolled image as
// panels, and the part of the image that it is made of.
func (c *Conv[T]) forwardWorker(k int) int {
	return min(k, depth)*convPositions + c.paddedLen(convPositions)
}

// Forward computes y. bias may be nil.
func (c *Conv[T]) Forward(pool *parallel.Pool, y, x, w, bias, scratch []T) {
	s := c.begin()
	s.y, s.x, s.w, s.bias = y[:c.N*c.M*s.pos], x[:c.N*c.C*c.H*c.W], w[:c.M*s.k], bias
	switch {
	case len(s.y) == 0:
	case c.depthwise():
		pool.For(c.N*c.M, (*convDepthwise[T])(c))
	default:
		if c.packs() {
			s.rows, scratch = split(scratch, c.rowsLen(s.mg, s.k, s.groups))
			s.packed = true
			pool.For(s.groups, (*convPackWeights[T])(c))
		}
		c.layout(pool.Threads(), convPositions)
		s.workerLen = c.forwardWorker(s.k)
		s.perWorker = scratch
		s.blocks = (s.pos + convPositions - 1) / convPositions
		pool.For(c.N*s.groups*s.blocks, (*convForward[T])(c))
	}
	c.call = convCall[T]{}
}

// split cuts n elements off the front of a slice.
func split[T any](s []T, n int) (front, rest []T) { return s[:n:n], s[n:] }

type convPackWeights[T Float] Conv[T]

// Do packs the weights of groups.
func (c *convPackWeights[T]) Do(lo, hi, _ int) {
	s := &c.call
	for g := lo; g < hi; g++ {
		dst := s.rows[g*(s.mg+maxTileRows)*s.k:]
		s.t.packRows(dst, s.mg, s.k, s.w[g*s.mg*s.k:], s.k, 1, 1)
	}
}

// weights returns the weights of a group as a left operand [mg, k].
func (s *convCall[T]) weights(g int) convMatrix[T] {
	if s.packed {
		return convMatrix[T]{s.rows[g*(s.mg+maxTileRows)*s.k:], s.t.rows * s.k, 1, s.t.rows}
	}
	return convMatrix[T]{s.w[g*s.mg*s.k:], s.t.rows * s.k, s.k, 1}
}

type convForward[T Float] Conv[T]

// Do computes blocks of positions: block b of group g of image n is
// (n*groups + g)*blocks + b.
func (f *convForward[T]) Do(lo, hi, worker int) {
	c := (*Conv[T])(f)
	s := &c.call
	t := s.t
	panels, padded := split(s.perWorker[worker*s.workerLen:][:s.workerLen], min(s.k, depth)*convPositions)
	for i := lo; i < hi; i++ {
		part, at := i/s.blocks, i%s.blocks*convPositions
		n := min(convPositions, s.pos-at)
		y := s.y[part*s.mg*s.pos+at:]
		if s.bias != nil {
			for m, b := range s.bias[part%s.groups*s.mg:][:s.mg] {
				fill(y[m*s.pos:][:n], b)
			}
		}
		a := s.weights(part % s.groups)
		image, top := c.source(s.x[part*s.cg*c.H*c.W:][:s.cg*c.H*c.W], padded, at, n)
		for p := 0; p < s.k; p += depth {
			k := min(depth, s.k-p)
			for j := 0; j < n; j += t.cols {
				nj := min(t.cols, n-j)
				runs := c.findRuns(worker, top, at+j, nj)
				s.unroll(panels[j*k:], t.cols, image, c.offsets[p:p+k], runs, nj)
			}
			t.block(s.mg, n, k, a.data[p*a.csa:], a.step, a.rsa, a.csa, panels, y, s.pos, p > 0 || s.bias != nil)
		}
	}
}

// fill sets every element.
func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}
