package kernel

// Packed is the right operand of a product in the order in which the loops of
// the variant in use read it: weights that many products share are packed once.
type Packed[T Float] struct {
	data       []T
	k, n, cols int
}

// PackedLen returns the number of elements that PackB needs, whatever variant
// is in use.
func (g *Gemm[T]) PackedLen() int { return g.K * padTo(g.N, maxTileCols) }

// PackB packs B for the field Packed of this product and of others with the
// same K and N, whatever their M. dst has at least PackedLen elements and
// belongs to the result, which is no longer valid when another variant is put
// in use.
func (g *Gemm[T]) PackB(dst []T) Packed[T] {
	if g.K <= 0 || g.N <= 0 {
		return Packed[T]{}
	}
	checkMatrix(g.B, g.K, g.N, g.RSB, g.CSB)
	t := loopsOf[T]()
	p := g.PackedBefore(dst)
	width := t.columnBlock(g.N)
	for j0 := 0; j0 < g.N; j0 += width {
		nb := min(g.N-j0, width)
		for p0 := 0; p0 < g.K; p0 += depth {
			k := min(depth, g.K-p0)
			block := p.block(p0, j0, nb)
			for j := 0; j < nb; j += t.cols {
				t.packCols(block[j*k:], k, min(t.cols, nb-j), g.B[p0*g.RSB+(j0+j)*g.CSB:], g.RSB, g.CSB)
			}
		}
	}
	return p
}

// PackedBefore returns what PackB returned for dst and such a product.
func (g *Gemm[T]) PackedBefore(dst []T) Packed[T] {
	cols := loopsOf[T]().cols
	return Packed[T]{data: dst[:g.K*padTo(g.N, cols)], k: g.K, n: g.N, cols: cols}
}

// block returns the panels of the rows from p0 on of the columns [j0, j0+n).
func (p *Packed[T]) block(p0, j0, n int) []T {
	return p.data[j0*p.k+p0*padTo(n, p.cols):]
}

// check panics if p is packed and not for a product of k and n by the loops t.
func (p *Packed[T]) check(k, n, cols int) {
	if p.data != nil && (p.k != k || p.n != n || p.cols != cols) {
		panic("kernel: an operand packed for another product or variant")
	}
}
