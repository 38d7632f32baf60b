package kernel

import "github.com/emberml/ember/internal/parallel"

// PackedLen returns the number of elements that Pack needs.
func (c *Conv[T]) PackedLen() int {
	if c.depthwise() {
		return c.M * c.KH * c.KW
	}
	p := c.forward(1)
	return p.packedLen()
}

// Pack writes the weights, scaled if there is a Scale, in the order in which
// Forward reads them, whatever the variant, the images and their number. dst has
// at least PackedLen elements.
func (c *Conv[T]) Pack(pool *parallel.Pool, dst, w []T) {
	if c.depthwise() {
		c.packPlanes(dst[:c.PackedLen()], w)
		return
	}
	c.begin()
	c.product = c.forward(1)
	c.packWeights(pool, dst[:c.product.packedLen()], w)
	c.product, c.call = convProduct[T]{}, convCall[T]{}
}

// packPlanes copies the weights of single channels.
func (c *Conv[T]) packPlanes(dst, w []T) {
	copy(dst, w[:len(dst)])
	if c.Scale == nil {
		return
	}
	k := c.KH * c.KW
	for m, v := range c.Scale[:c.M] {
		zipRight(Mul, dst[m*k:][:k], dst[m*k:][:k], v)
	}
}

// packWeights packs the weights of the product at hand.
func (c *Conv[T]) packWeights(pool *parallel.Pool, dst, w []T) {
	c.call.w, c.product.packed = w[:c.M*c.call.k], dst
	pool.For(c.product.groups*c.product.packedTiles(), (*convPackWeights[T])(c))
}

type convPackWeights[T Float] Conv[T]

// Do packs tiles of output channels.
func (c *convPackWeights[T]) Do(lo, hi, _ int) {
	s, p := &c.call, &c.product
	for i := lo; i < hi; i++ {
		g, m := i/p.packedTiles(), i%p.packedTiles()*convTileRows
		rows, from := min(convTileRows, s.mg-m), g*s.mg+m
		dst := p.packed[i*convTileRows*s.k:][:convTileRows*s.k]
		packTile(p.t, dst, s.w[from*s.k:], s.k, rows, s.k)
		if c.Scale == nil {
			continue
		}
		for r, v := range c.Scale[from:][:rows] {
			for at := r; at < len(dst); at += convTileRows {
				dst[at] *= v
			}
		}
	}
}

// packTile packs up to convTileRows rows of k weights, lds apart.
func packTile[T Float](t *loops[T], dst, src []T, lds, rows, k int) {
	if rows == convTileRows && k >= convLanes {
		t.weave(dst, src, lds, k)
		return
	}
	t.transpose(dst, convTileRows, src, lds, rows, k)
}

// goWeave defines loops.weave.
func goWeave[T Float](dst, src []T, lds, k int) {
	for p := range k {
		for r := range convTileRows {
			dst[p*convTileRows+r] = src[r*lds+p]
		}
	}
}

// convPackChannels packs the transposed weights, for the gradient of x.
type convPackChannels[T Float] Conv[T]

// Do packs tiles of input channels.
func (c *convPackChannels[T]) Do(lo, hi, _ int) {
	s, p := &c.call, &c.product
	taps := c.KH * c.KW
	for i := lo; i < hi; i++ {
		g, ch := i/p.packedTiles(), i%p.packedTiles()*convTileRows
		rows := min(convTileRows, s.cg-ch)
		dst, w := p.packed[i*convTileRows*p.k:], s.w[g*s.mg*s.k+ch*taps:]
		if taps == 1 {
			p.t.copyRows(dst, convTileRows, w, s.k, rows, s.mg)
			continue
		}
		for m := range s.mg {
			packTile(p.t, dst[m*taps*convTileRows:], w[m*s.k:], taps, rows, taps)
		}
	}
}
