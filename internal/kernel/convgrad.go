package kernel

import "github.com/emberml/ember/internal/parallel"

// convRows is the number of rows of the unrolled image that the backward
// passes hold at a time, a whole number of channels near this.
const convRows = 256

// groupChannels returns the number of channels in a group of rows.
func (c *Conv[T]) groupChannels() int { return max(1, convRows/max(1, c.KH*c.KW)) }

// groupRows returns the number of rows in a full group of rows.
func (c *Conv[T]) groupRows() int {
	return min(c.groupChannels(), c.C/max(1, c.Groups)) * c.KH * c.KW
}

// gradInputWorker is the scratch of one worker: the gradient of y packed, and
// a group of rows of the unrolled gradient of x, and that gradient with its
// padding.
func (c *Conv[T]) gradInputWorker(mg int) int {
	return (mg+c.groupRows())*convPositions + c.paddedLen(c.OutH()*c.OutW())
}

// GradInput computes dx, the gradient of x, from dy, the gradient of y:
//
//	dx[n, c, h, w] = sum over m, r, s of w[m, c, r, s] * dy[n, m, i, j]
//
// over the positions (i, j) that meet (h, w) through (r, s). Threads share
// images; within one the order is fixed.
func (c *Conv[T]) GradInput(pool *parallel.Pool, dx, dy, w, scratch []T) {
	if c.depthwise() {
		c.depthwiseInput(pool, dx, dy, w, scratch)
		return
	}
	s := c.begin()
	s.x, s.y, s.w = dx[:c.N*c.C*c.H*c.W], dy[:c.N*c.M*s.pos], w[:c.M*s.k]
	switch {
	case len(s.y) == 0:
		clear(s.x)
	case len(s.x) == 0:
	case c.dense():
		c.product = c.backward(pool.Threads())
		p := &c.product
		p.y, p.x = s.x, s.y
		p.packed, scratch = split(scratch, p.packedLen())
		p.offsets, p.runs = c.tapOffsets(&p.source, s.mg, true), c.stripRuns(p.threads)
		pool.For(p.groups*p.packedTiles(), (*convPackChannels[T])(c))
		p.run(pool, scratch)
		c.product = convProduct[T]{}
	default:
		chunks := (s.cg + c.groupChannels() - 1) / c.groupChannels()
		if c.packs() {
			s.rows, scratch = split(scratch, chunks*c.rowsLen(c.groupRows(), s.mg, s.groups))
			s.packed = true
			pool.For(s.groups*chunks, (*convPackTransposed[T])(c))
		}
		c.layout(pool.Threads(), s.pos)
		s.workerLen = c.gradInputWorker(s.mg)
		s.perWorker = scratch
		pool.For(c.N*s.groups, (*convGradInput[T])(c))
	}
	c.call = convCall[T]{}
}

type convPackTransposed[T Float] Conv[T]

// Do packs the transposed weights of chunks of channels.
func (t *convPackTransposed[T]) Do(lo, hi, _ int) {
	c := (*Conv[T])(t)
	for i := lo; i < hi; i++ {
		a, rows := c.transposed(i, false)
		c.call.t.packRows(c.call.rows[i*c.packedChunk():], rows, c.call.mg, a.data, a.rsa, a.csa, 1)
	}
}

// packedChunk is the length of one packed chunk of transposed weights.
func (c *Conv[T]) packedChunk() int { return (c.groupRows() + maxTileRows) * c.call.mg }

// transposed returns chunk i of the transposed weights as a left operand
// [rows, mg], packed if that is asked for.
func (c *Conv[T]) transposed(i int, packed bool) (a convMatrix[T], rows int) {
	s := &c.call
	chunks := (s.cg + c.groupChannels() - 1) / c.groupChannels()
	g, first := i/chunks, i%chunks*c.groupChannels()*c.KH*c.KW
	rows = min(c.groupRows(), s.k-first)
	if packed {
		return convMatrix[T]{s.rows[i*c.packedChunk():], s.t.rows * s.mg, 1, s.t.rows}, rows
	}
	return convMatrix[T]{s.w[g*s.mg*s.k+first:], 0, 1, s.k}, rows
}

type convGradInput[T Float] Conv[T]

// Do computes the gradient of images; group g of image n is n*groups + g.
func (t *convGradInput[T]) Do(lo, hi, worker int) {
	c := (*Conv[T])(t)
	s := &c.call
	scratch := s.perWorker[worker*s.workerLen:][:s.workerLen]
	panels, scratch := split(scratch, s.mg*convPositions)
	unrolled, padded := split(scratch, c.groupRows()*convPositions)
	chunks := (s.cg + c.groupChannels() - 1) / c.groupChannels()
	for i := lo; i < hi; i++ {
		dx := s.x[i*s.cg*c.H*c.W:][:s.cg*c.H*c.W]
		dy := s.y[i*s.mg*s.pos:][:s.mg*s.pos]
		image := dx
		if c.padded() {
			image = padded
		}
		if !c.pointwise() {
			clear(image)
		}
		for at := 0; at < s.pos; at += convPositions {
			n := min(convPositions, s.pos-at)
			width := padTo(n, s.t.cols)
			runs := c.findRuns(worker, 0, at, n)
			for p := 0; p < s.mg; p += depth {
				k := min(depth, s.mg-p)
				for j := 0; j < n; j += s.t.cols {
					s.t.packCols(panels[p*width+j*k:], k, min(s.t.cols, n-j), dy[p*s.pos+at+j:], s.pos, 1)
				}
			}
			for chunk := range chunks {
				a, rows := c.transposed(i%s.groups*chunks+chunk, s.packed)
				first := chunk * c.groupChannels()
				out, ldc := unrolled, n
				if c.pointwise() {
					out, ldc = dx[first*s.pos+at:], s.pos
				}
				for p := 0; p < s.mg; p += depth {
					k := min(depth, s.mg-p)
					s.t.block(rows, n, k, a.data[p*a.csa:], a.step, a.rsa, a.csa, panels[p*width:], out, ldc, p > 0)
				}
				if !c.pointwise() {
					s.fold(out, n, image, c.offsets[first*c.KH*c.KW:][:rows], runs)
				}
			}
		}
		if c.padded() {
			c.crop(dx, padded)
		}
	}
}

// imageBlocks returns the number of blocks of images whose contributions to
// the gradient of the weights are added up apart, so that threads can share
// the images. It depends on the shape only, since it decides the bits.
func (c *Conv[T]) imageBlocks() int {
	const most, limit = 8, 1 << 20
	size := max(1, c.M*c.C/max(1, c.Groups)*c.KH*c.KW)
	return max(1, min(most, c.N, limit/size))
}

// gradWeightWorker is the scratch of one worker: the gradient of y packed, and
// a group of rows of the unrolled image, and the part of the image that they
// are made of.
func (c *Conv[T]) gradWeightWorker(mg int) int {
	return depth*(mg+maxTileCols+c.groupRows()) + c.paddedLen(depth)
}

// GradWeight computes dw, the gradient of w, from x and dy, the gradient of y:
//
//	dw[m, c, r, s] = sum over n, i, j of dy[n, m, i, j] * x[n, c, i*StrideH + …, j*StrideW + …]
//
// Images are added up in order within up to 8 blocks, whose sums are added in
// order; their number depends on the shape alone.
func (c *Conv[T]) GradWeight(pool *parallel.Pool, dw, x, dy, scratch []T) {
	if c.depthwise() {
		c.depthwiseWeight(pool, dw, x, dy, scratch)
		return
	}
	s := c.begin()
	s.w, s.x, s.y = dw[:c.M*s.k], x[:c.N*c.C*c.H*c.W], dy[:c.N*c.M*s.pos]
	switch {
	case len(s.y) == 0:
		clear(s.w)
	default:
		s.blocks = c.imageBlocks()
		s.parts, s.perWorker = split(scratch, s.blocks*c.M*s.k)
		c.layout(pool.Threads(), depth)
		s.workerLen = c.gradWeightWorker(s.mg)
		chunks := (s.cg + c.groupChannels() - 1) / c.groupChannels()
		if s.blocks == 1 { // large weights: share their rows instead
			pool.For(s.groups*chunks, (*convGradRows[T])(c))
		} else {
			pool.For(s.groups*s.blocks, (*convGradBlocks[T])(c))
		}
		pool.For(s.groups*s.k, (*convMerge[T])(c))
	}
	c.call = convCall[T]{}
}

type convGradRows[T Float] Conv[T]

// Do sums all images for chunks of channels.
func (t *convGradRows[T]) Do(lo, hi, worker int) {
	c := (*Conv[T])(t)
	chunks := (c.call.cg + c.groupChannels() - 1) / c.groupChannels()
	for i := lo; i < hi; i++ {
		c.gradWeight(i/chunks, 0, i%chunks, i%chunks+1, worker)
	}
}

type convGradBlocks[T Float] Conv[T]

// Do sums blocks of images for all channels; block b of group g is
// g*blocks + b.
func (t *convGradBlocks[T]) Do(lo, hi, worker int) {
	c := (*Conv[T])(t)
	chunks := (c.call.cg + c.groupChannels() - 1) / c.groupChannels()
	for i := lo; i < hi; i++ {
		c.gradWeight(i/c.call.blocks, i%c.call.blocks, 0, chunks, worker)
	}
}

// gradWeight sums one block of images, for chunks [chunk, end) of the channels
// of a group, into the transposed gradient [k, mg] of that block.
func (c *Conv[T]) gradWeight(group, block, chunk, end, worker int) {
	s := &c.call
	panels, scratch := split(s.perWorker[worker*s.workerLen:][:s.workerLen], depth*(s.mg+maxTileCols))
	rows, padded := split(scratch, depth*c.groupRows())
	sum := s.parts[(block*s.groups+group)*s.k*s.mg:][:s.k*s.mg]
	first, last := block*c.N/s.blocks, (block+1)*c.N/s.blocks
	for n := first; n < last; n++ {
		part := n*s.groups + group
		x, dy := s.x[part*s.cg*c.H*c.W:][:s.cg*c.H*c.W], s.y[part*s.mg*s.pos:]
		for at := 0; at < s.pos; at += depth {
			k := min(depth, s.pos-at)
			for j := 0; j < s.mg; j += s.t.cols {
				s.t.packCols(panels[j*k:], k, min(s.t.cols, s.mg-j), dy[j*s.pos+at:], 1, s.pos)
			}
			image, top := c.source(x, padded, at, k)
			runs := c.findRuns(worker, top, at, k)
			for i := chunk; i < end; i++ {
				row := i * c.groupChannels() * c.KH * c.KW
				count := min(c.groupRows(), s.k-row)
				s.unroll(rows, k, image, c.offsets[row:row+count], runs, k)
				s.t.block(count, s.mg, k, rows, 0, k, 1, panels, sum[row*s.mg:], s.mg, n > first || at > 0)
			}
		}
	}
}

type convMerge[T Float] Conv[T]

// Do adds up rows of the blocks' transposed gradients, and transposes them.
func (c *convMerge[T]) Do(lo, hi, _ int) {
	s := &c.call
	for i := lo; i < hi; i++ {
		sum := s.parts[i*s.mg:][:s.mg]
		for b := 1; b < s.blocks; b++ {
			AddScaled(sum, 1, s.parts[(b*s.groups*s.k+i)*s.mg:])
		}
		to := i/s.k*s.mg*s.k + i%s.k
		for _, v := range sum {
			s.w[to] = v
			to += s.k
		}
	}
}
