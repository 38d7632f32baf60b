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
// The sum runs over (c, r, s) in that order, split into equal blocks of at most
// 256 products in the forward pass and in the gradient of x for strides of 1,
// which read images where they lie (see convProduct); the other passes multiply
// with an unrolled image, with the splits of [Gemm]. Threads share images and
// parts of images, so the bits do not depend on their number.
type Conv[T Float] struct {
	N, C, H, W           int
	M, KH, KW            int
	StrideH, StrideW     int // 0 means 1
	DilationH, DilationW int // 0 means 1
	PadTop, PadBottom    int // may be negative
	PadLeft, PadRight    int
	Groups               int // 0 means 1; divides C and M

	// Forward adds Residual, of y's shape, if there is one, and then applies
	// Activation, if there is one, while parts of y are in cache. Both have the
	// bits of their elementwise kernels.
	Residual   []T
	Activation *Unary

	// Scale, if there is one, has a factor for the weights of each output channel,
	// which Forward and Pack apply. Packed, if there is one, is what Pack made of
	// the weights: Forward then needs no others.
	Scale  []T
	Packed []T

	call    convCall[T]
	product convProduct[T]
	depth   convDepthwise[T]
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
	x, w, y        []T // dx, dw, dy in backward passes
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

// dense reports whether every position of the kernel gives a result, so that
// the gradient of x is a convolution as well.
func (c *Conv[T]) dense() bool { return max(c.StrideH, c.StrideW) <= 1 }

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
		return c.depthwiseScratch(pass, threads)
	}
	g := max(1, c.Groups)
	k := c.C / g * c.KH * c.KW
	mg := c.M / g
	switch pass {
	case ConvForward:
		p := c.forward(threads)
		return p.scratchLen()
	case ConvGradInput:
		if c.dense() {
			p := c.backward(threads)
			return p.scratchLen()
		}
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

// Forward computes y. bias may be nil.
func (c *Conv[T]) Forward(pool *parallel.Pool, y, x, w, bias, scratch []T) {
	if c.depthwise() {
		c.depthwiseForward(pool, y, x, w, bias, scratch)
		return
	}
	s := c.begin()
	c.product = c.forward(pool.Threads())
	p := &c.product
	p.y, p.x = y[:c.N*c.M*s.pos], x[:c.N*c.C*c.H*c.W]
	if bias != nil {
		p.bias = bias[:c.M]
	}
	p.end(c.epilogue())
	if len(p.y) > 0 {
		packed, scratch := split(scratch, p.packedLen())
		p.offsets, p.runs = c.tapOffsets(&p.source, s.cg, false), c.stripRuns(p.threads)
		if c.Packed != nil {
			p.packed = c.Packed[:len(packed)]
		} else {
			c.packWeights(pool, packed, w)
		}
		p.run(pool, scratch)
	}
	c.product, c.call = convProduct[T]{}, convCall[T]{}
}

// epilogue returns what follows the product: rows are planes of y.
func (c *Conv[T]) epilogue() Epilogue[T] {
	e := Epilogue[T]{RSR: c.call.pos, Activation: c.Activation}
	if c.Residual != nil {
		e.Residual = c.Residual[:c.N*c.M*c.call.pos]
	}
	return e
}

// tapOffsets returns where the taps of the kernel meet planes of a group,
// plane by plane, or for flip the taps of the reversed kernel.
func (c *Conv[T]) tapOffsets(s *convSource, planes int, flip bool) []int {
	if n := planes * c.KH * c.KW; len(c.offsets) < n {
		c.offsets = make([]int, n)
	}
	i := 0
	for ch := range planes {
		for r := range c.KH {
			for q := range c.KW {
				if flip {
					c.offsets[i] = ch*s.plane() + s.tap(c.KH-1-r, c.KW-1-q)
				} else {
					c.offsets[i] = ch*s.plane() + s.tap(r, q)
				}
				i++
			}
		}
	}
	return c.offsets[:i]
}

// stripRuns returns memory for the runs of a strip for each worker.
func (c *Conv[T]) stripRuns(threads int) []convRun {
	if n := threads * convStripPixels; len(c.runs) < n {
		c.runs = make([]convRun, n)
	}
	return c.runs
}

// split cuts n elements off the front of a slice.
func split[T any](s []T, n int) (front, rest []T) { return s[:n:n], s[n:] }

// fill sets every element.
func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}
