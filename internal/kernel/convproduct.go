package kernel

import "github.com/emberml/ember/internal/parallel"

// convProduct is the product of weights and images of which each tap of the
// kernel meets a shifted view: the forward pass, and for a stride of 1 that of
// the input's gradient, which is a convolution of the gradient of y.
//
//	y[n, m, i, j] = bias[m] + sum over p < k of w[m, p] * x[n, offsets[p] + …]
//
// The sum is split into equal blocks of at most convDepth products.
type convProduct[T Float] struct {
	t              *loops[T]
	source         convSource
	n, groups      int
	cg, mg         int // channels of a group, of x and of y
	k, depth       int
	oh, ow, pos    int // of y, where rows are joined if nothing lies between them
	threads        int
	direct         bool // tiles of several rows
	packs          bool // pixels are packed in strips; then oh counts pixels, and ow is 1
	width          int  // of y
	images         int  // groups of images that are prepared at a time
	rows, channels int  // of one piece of work
	packed         []T
	sources        []T
	perWorker      []T
	workerLen      int
	y, x, bias     []T
	bounds         [2]T // of y, if bounded
	bounded        bool
	residual       []T         // added to y before, or nil
	epilogue       Epilogue[T] // what tiles do not do
	first, count   int         // groups of images at hand
	offsets        []int
	runs           []convRun // of the strip at hand, for each worker
}

const (
	convBlockChannels = 256     // of y: their weights stay in the second cache
	convBlockPixels   = 512     // what a block of weights is used for
	convSourceLen     = 1 << 18 // of prepared images
)

// windows returns the geometry of the convolution along its two axes.
func (c *Conv[T]) windows() [2]convWindow {
	return [2]convWindow{
		{c.H, c.OutH(), c.KH, max(1, c.StrideH), max(1, c.DilationH), c.PadTop},
		{c.W, c.OutW(), c.KW, max(1, c.StrideW), max(1, c.DilationW), c.PadLeft},
	}
}

// gradWindows returns the geometry of the convolution with the reversed kernel
// that takes dy to dx, for larger strides with zeros between its elements.
func (c *Conv[T]) gradWindows() [2]convWindow {
	axes := c.windows()
	for i, a := range axes {
		axes[i].in, axes[i].out, axes[i].stride = max(0, (a.out-1)*a.stride+1), a.in, 1
		axes[i].before = a.dilation*(a.kernel-1) - a.before
	}
	return axes
}

// forward plans y = w*x.
func (c *Conv[T]) forward(threads int) convProduct[T] {
	g := max(1, c.Groups)
	return planConv[T](c.N, g, c.C/g, c.M/g, c.windows(), threads)
}

// backward plans the gradient of x, for strides of 1.
func (c *Conv[T]) backward(threads int) convProduct[T] {
	g := max(1, c.Groups)
	return planConv[T](c.N, g, c.M/g, c.C/g, c.gradWindows(), threads)
}

// planConv chooses how images lie and what a piece of work is.
func planConv[T Float](n, groups, cg, mg int, axes [2]convWindow, threads int) convProduct[T] {
	v, h := axes[0], axes[1]
	p := convProduct[T]{
		t: loopsOf[T](), n: n, groups: groups, cg: cg, mg: mg, k: cg * v.kernel * h.kernel,
		oh: v.out, ow: h.out, pos: v.out * h.out, threads: threads,
	}
	p.depth = blockOf(p.k, convDepth)
	lanes, strips := p.chooseLayout(v, h)
	p.source = newConvSource(v, h, lanes)
	s := &p.source
	switch {
	case strips:
		p.packs, p.width, p.oh, p.ow = true, p.ow, p.pos, 1
	case s.outRow == p.ow*s.lanes && v.kernel*h.kernel == 1:
		p.oh, p.ow = 1, p.pos
	}
	line := p.ow * s.lanes
	p.direct = !strips && line <= convLanes && p.oh > 1
	p.images = max(1, min(p.imageGroups(), convSourceLen/max(1, groups*cg*s.plane())))
	p.channels = min(convBlockChannels, padTo(mg, convTileRows))
	p.rows = min(p.oh, max(1, convBlockPixels/max(1, line)))
	for threads > 1 && p.pieces(p.images) < 4*threads {
		switch {
		case p.rows > 1 && p.rows*line > convBlockPixels/4:
			p.rows = (p.rows + 1) / 2
		case p.channels > 8*convTileRows:
			p.channels = padTo(p.channels/2, convTileRows)
		default:
			threads = 1
		}
	}
	switch {
	case strips:
		p.rows = min(p.oh, padTo(p.rows, convStripPixels))
		p.workerLen = convStripLen(p.k)
	case s.lanes > 1:
		p.workerLen = max(s.h*s.w*s.lanes, p.channels*p.rows*line)
	}
	return p
}

// blockOf returns the size of equal blocks of at most most.
func blockOf(n, most int) int {
	blocks := max(1, (n+most-1)/most)
	return (n + blocks - 1) / blocks
}

// chooseLayout returns the number of images to interleave, up to the pixels of a
// vector, and whether to pack strips of one image: where rows are so short that
// their own tiles waste more than that costs.
func (p *convProduct[T]) chooseLayout(v, h convWindow) (lanes int, strips bool) {
	tiles := (p.mg + convTileRows - 1) / convTileRows
	tile := func(line int) (cycles int) {
		for at := 0; at < line; {
			w := convWidth(line - at)
			cycles += p.k*max(4, 2*((w+7)/8)) + 30
			at += w
		}
		return cycles * tiles
	}
	rows := func(lanes int) int {
		if line := p.ow * lanes; line > convLanes {
			return p.oh * tile(line)
		}
		return (p.oh + convTileVectors - 1) / convTileVectors * tile(convStripPixels)
	}
	// Strips are packed again for each block of channels. With one tap and large
	// planes they pay in any case: what a tile reads lies all over memory.
	blocks := (p.mg + convBlockChannels - 1) / convBlockChannels
	packing := p.k * blocks * (p.pos/2 + 3*p.oh)
	least := rows(1)
	if one := v.kernel*h.kernel == 1; one && p.mg >= 16 && v.in*h.in >= 256 || tile(p.pos)+packing < least {
		strips, least = true, tile(p.pos)+packing
	}
	least *= p.n * p.groups
	lanes = 1
	for l := 2; l <= convLanes && l < 2*p.n; l *= 2 {
		images := (p.n + l - 1) / l * p.groups
		exchange := 3 * l * (p.cg*v.in*h.in + p.mg*p.pos)
		if w := images * (rows(l) + exchange); w < least {
			lanes, strips, least = l, false, w
		}
	}
	return lanes, strips
}

// convWidth returns the pixels of the next tile of a line that has n left: up
// to three vectors, but two and two rather than three and one.
func convWidth(n int) int {
	const v = convLanes
	if n > 3*v && n <= 4*v {
		return 2 * v
	}
	return min(n, 3*v)
}

func (p *convProduct[T]) imageGroups() int {
	return (p.n + p.source.lanes - 1) / p.source.lanes
}

// rowBlocks and channelBlocks count the pieces of work of a group of an image.
func (p *convProduct[T]) rowBlocks() int { return (p.oh + p.rows - 1) / max(1, p.rows) }

func (p *convProduct[T]) channelBlocks() int { return (p.mg + p.channels - 1) / max(1, p.channels) }

func (p *convProduct[T]) pieces(images int) int {
	return images * p.groups * p.rowBlocks() * p.channelBlocks()
}

// packedTiles returns the number of tiles of packed weights of a group.
func (p *convProduct[T]) packedTiles() int { return (p.mg + convTileRows - 1) / convTileRows }

// packedLen is the length of the packed weights.
func (p *convProduct[T]) packedLen() int { return p.groups * p.packedTiles() * convTileRows * p.k }

func (p *convProduct[T]) sourceLen() int {
	if !p.source.copied {
		return 0
	}
	return p.images*p.groups*p.cg*p.source.plane() + convStripPixels // which the last tiles may read
}

func (p *convProduct[T]) scratchLen() int {
	return p.packedLen() + p.sourceLen() + p.threads*p.workerLen
}

// end divides what follows the product between the tiles and the epilogue.
func (p *convProduct[T]) end(e Epilogue[T]) {
	if p.source.lanes == 1 {
		p.residual, e.Residual = e.Residual, nil
		if low, high, ok := bounds[T](e.Activation); ok {
			p.bounds, p.bounded, e.Activation = [2]T{low, high}, true, nil
		}
	}
	p.epilogue = e
}

// run computes y; the weights are packed.
func (p *convProduct[T]) run(pool *parallel.Pool, scratch []T) {
	p.sources, p.perWorker = split(scratch, p.sourceLen())
	groups := p.imageGroups()
	for p.first = 0; p.first < groups; p.first += p.count {
		p.count = min(p.images, groups-p.first)
		if p.source.copied {
			pool.For(p.count*p.groups*p.cg, (*convPrepare[T])(p))
		}
		pool.For(p.pieces(p.count), (*convMultiply[T])(p))
	}
}

type convPrepare[T Float] convProduct[T]

// Do prepares planes; plane c of group of images i is i*channels + c.
func (t *convPrepare[T]) Do(lo, hi, worker int) {
	p := (*convProduct[T])(t)
	s := &p.source
	channels, size := p.groups*p.cg, s.h*s.w
	for i := lo; i < hi; i++ {
		dst := p.sources[i*s.plane():][:s.plane()]
		n := (p.first + i/channels) * s.lanes
		x := p.x[(n*channels+i%channels)*size:]
		if s.lanes == 1 {
			prepare(p.t, s, dst, x[:size])
			continue
		}
		images := min(s.lanes, p.n-n)
		pixels := p.perWorker[worker*p.workerLen:][:size*s.lanes]
		if images < s.lanes {
			clear(pixels)
		}
		p.t.transpose(pixels, s.lanes, x, channels*size, images, size)
		prepare(p.t, s, dst, pixels)
	}
}

type convMultiply[T Float] convProduct[T]

// Do computes pieces of y: blocks of rows, then of channels, of groups of
// groups of images.
func (t *convMultiply[T]) Do(lo, hi, worker int) {
	p := (*convProduct[T])(t)
	for i := lo; i < hi; i++ {
		rest := i / p.rowBlocks()
		part := rest / p.channelBlocks()
		p.multiply(part, rest%p.channelBlocks()*p.channels, i%p.rowBlocks()*p.rows, worker)
	}
}

// multiply computes channels from m0 and rows from i0 on of group part%groups
// of group of images part/groups.
func (p *convProduct[T]) multiply(part, m0, i0, worker int) {
	s := &p.source
	group, image := part%p.groups, p.first+part/p.groups
	rows, channels := min(p.rows, p.oh-i0), min(p.channels, p.mg-m0)
	x := p.sources
	if s.copied {
		x = x[part*p.cg*s.plane():]
	} else {
		x = p.x[(image*p.groups+group)*p.cg*s.plane():]
	}
	scratch := p.perWorker[worker*p.workerLen:][:p.workerLen]
	first := ((image*p.groups+group)*p.mg+m0)*p.pos + i0*p.ow
	y, ldc := scratch, rows*p.ow*s.lanes
	if s.lanes == 1 {
		y, ldc = p.y[first:], p.pos
	}
	weights := p.packed[(group*padTo(p.mg, convTileRows)+m0)*p.k:]
	for at := 0; at < p.k; at += p.depth {
		c := convBlock[T]{convTile: convTile{rows: channels, k: min(p.depth, p.k-at), astep: p.k * convTileRows, ldc: ldc, add: at > 0}}
		c.weights, c.offsets = weights[at*convTileRows:], p.offsets[at:at+c.k]
		c.reach = reach(c.offsets)
		if at == 0 && p.bias != nil {
			c.bias = p.bias[group*p.mg+m0:][:channels]
		}
		if at+c.k == p.k {
			if p.residual != nil {
				c.residual = p.residual[first:]
			}
			if p.bounded {
				c.bounds = p.bounds[:]
			}
		}
		if p.packs {
			p.strips(&c, x, y, i0, rows, worker, scratch)
		} else {
			p.block(&c, x, y, i0, rows)
		}
	}
	if s.lanes > 1 {
		p.scatter(y, ldc, image, group*p.mg+m0, channels, i0)
	}
	if p.epilogue.empty() {
		return
	}
	for n := image * s.lanes; n < min((image+1)*s.lanes, p.n); n++ {
		plane := (n*p.groups+group)*p.mg + m0
		p.epilogue.finish(p.y[plane*p.pos+i0*p.ow:], p.pos, plane, channels, i0*p.ow, rows*p.ow)
	}
}

// convBlock is a block of the sum for one piece of work.
type convBlock[T Float] struct {
	convTile
	convEnding[T]
	weights []T
	offsets []int
}

// block adds one block of the sum to rows of y, tile by tile.
func (p *convProduct[T]) block(c *convBlock[T], x, y []T, i0, rows int) {
	s := &p.source
	line := p.ow * s.lanes
	if p.direct {
		c.most, c.last, c.bstep, c.cstep = line, line, s.outRow, line
		for i := 0; i < rows; i += convTileVectors {
			c.vectors = min(convTileVectors, rows-i)
			p.t.convTile(c.convTile, c.weights, x[(i0+i)*s.outRow:], c.offsets, y[i*line:], c.from(i*line))
		}
		return
	}
	c.most, c.bstep, c.cstep = convLanes, convLanes, convLanes
	for i := range rows {
		from := x[(i0+i)*s.outRow:]
		for j := 0; j < line; {
			n := convWidth(line - j)
			c.vectors = (n + convLanes - 1) / convLanes
			c.last = n - (c.vectors-1)*convLanes
			p.t.convTile(c.convTile, c.weights, from[j:], c.offsets, y[i*line+j:], c.from(i*line+j))
			j += n
		}
	}
}

// scatter writes channels of interleaved images to their places, from row i0 on.
func (p *convProduct[T]) scatter(from []T, ldc, image, m0, channels, i0 int) {
	lanes := p.source.lanes
	n := image * lanes
	images, size := min(lanes, p.n-n), p.groups*p.mg*p.pos
	for m := range channels {
		src := from[m*ldc:][:ldc]
		at := n*size + (m0+m)*p.pos + i0*p.ow
		p.t.transpose(p.y[at:], size, src, lanes, ldc/lanes, images)
	}
}
