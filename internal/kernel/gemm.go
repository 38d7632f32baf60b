package kernel

import (
	"fmt"

	"github.com/emberml/ember/internal/parallel"
)

// Gemm is a matrix product with general strides, so that a transposed operand
// needs no copy:
//
//	C[i, j] = Alpha * sum over p < K of A[i, p]*B[p, j] + Beta*C[i, j]
//	A[i, p] = A[i*RSA + p*CSA],  B[p, j] = B[p*RSB + j*CSB],  C[i, j] = C[i*RSC + j]
//
// for i < M, j < N, followed by the [Epilogue]. If Beta is 0, C is not read, so
// what it held (NaN, say) has no effect. C overlaps no operand.
//
// The sum over p is split every 320 products, a constant, so the bits do not
// depend on the number of threads. |error| ≤ K·ε·Σ|A·B| as for any order.
type Gemm[T Float] struct {
	M, N, K  int
	A        []T
	RSA, CSA int
	B        []T
	RSB, CSB int
	C        []T
	RSC      int
	Alpha    T // 0 means 1
	Beta     T
	// Packed is B from PackB, or zero. With it, B is read only where M or N is
	// 1, and may be nil.
	Packed Packed[T]
	Epilogue[T]

	call gemmCall[T]
	row  gemv[T]
	held []int // of each worker: which block of A it has packed
}

// gemmCall is the state of one run that its tasks share.
type gemmCall[T Float] struct {
	t             *loops[T]
	packed        []T // panels of the block of B at hand
	perWorker     []T // a block of A each
	workerLen     int
	packB         packing
	rows          int  // of A that stay in cache
	cols          int  // of B in one piece of work
	byCols        bool // a piece is one panel of B and all of A, not a strip of A
	blockCols     int  // of B in one block
	p0, k, j0, nb int  // block of B: rows [p0, p0+k), columns [j0, j0+nb)
	first         bool
}

// gemmGrain is how many products take about as long as it takes another thread
// to begin and to end: some microseconds.
const gemmGrain = 1 << 18

// packing says when panels of B are packed.
type packing uint8

const (
	packLast packing = iota // only a last panel that is not full
	packEach                // each before it is used: one block of rows needs it
	packAll                 // all before any is used
)

// ScratchLen returns the number of elements of scratch memory that Run needs
// with a pool of the given number of threads, whatever variant is in use.
func (g *Gemm[T]) ScratchLen(threads int) int {
	k := min(g.K, depth)
	n := k*padTo(min(g.N, maxBlockCols), maxTileCols) + threads*gemmWorkerLen(g.M, k)
	if g.M == 1 || g.N == 1 {
		return max(n, threads*vectorCols)
	}
	return n
}

// gemmWorkerLen is the scratch of one worker: a block of A.
func gemmWorkerLen(m, k int) int { return k * min(m+maxTileRows, maxBlockRows) }

// Run computes the product. scratch has at least ScratchLen elements, and its
// content is lost.
func (g *Gemm[T]) Run(pool *parallel.Pool, scratch []T) {
	if g.M*g.N*g.K < gemmGrain {
		pool = nil
	}
	if g.vector(pool.Threads()) {
		g.row.perWorker = scratch
		pool.For(g.row.blocks(), &g.row)
		g.row = gemv[T]{}
		return
	}
	if g.prepare(pool.Threads(), scratch, false) {
		c := &g.call
		for g.nextBlock() {
			if c.packB == packAll && g.Packed.data == nil {
				pool.For((c.nb+c.t.cols-1)/c.t.cols, (*gemmPack[T])(g))
			}
			pool.For(g.pieces(), (*gemmMultiply[T])(g))
		}
	}
	g.call = gemmCall[T]{}
}

// serial is Run on the calling goroutine. It keeps g off the heap. If again is
// set, the last product of g was one of the same shape, planned as this one is.
func (g *Gemm[T]) serial(scratch []T, again bool) {
	if g.vector(1) {
		g.row.perWorker = scratch
		g.row.Do(0, g.row.blocks(), 0)
		g.row = gemv[T]{}
		return
	}
	if g.prepare(1, scratch, again) {
		c := &g.call
		for g.nextBlock() {
			if c.packB == packAll && g.Packed.data == nil {
				g.pack(0, (c.nb+c.t.cols-1)/c.t.cols)
			}
			(*gemmMultiply[T])(g).Do(0, g.pieces(), 0)
		}
	}
}

// check panics unless the slices hold the matrices, none of which is empty.
func (g *Gemm[T]) check() {
	checkResult(g.C, g.M, g.N, g.RSC)
	checkMatrix(g.A, g.M, g.K, g.RSA, g.CSA)
	if g.Packed.data == nil || g.B != nil {
		checkMatrix(g.B, g.K, g.N, g.RSB, g.CSB)
	}
	g.Epilogue.check(g.M, g.N)
}

// checkMatrix panics unless data holds a matrix, which is not empty.
func checkMatrix[T any](data []T, rows, cols, rs, cs int) {
	const limit = 1 << 31 // a product of two smaller ones does not overflow
	far := rs >= limit && rows > 1 || cs >= limit && cols > 1 || rows > limit || cols > limit
	if rs < 0 || cs < 0 || far || (rows-1)*rs+(cols-1)*cs >= len(data) {
		panic(fmt.Sprintf("kernel: a matrix of %d×%d with strides %d and %d lies outside its %d elements", rows, cols, rs, cs, len(data)))
	}
}

// checkResult panics unless data holds a matrix, which is not empty and whose rows
// are apart.
func checkResult[T any](data []T, rows, cols, rs int) {
	checkMatrix(data, rows, cols, rs, 1)
	if rows > 1 && rs < cols {
		panic(fmt.Sprintf("kernel: the rows of a result of %d×%d overlap, %d elements apart", rows, cols, rs))
	}
}

// prepare checks the arguments and plans the run, if the plan is not that of the
// last one again. It reports whether there is anything to multiply; if not, it
// has finished C.
func (g *Gemm[T]) prepare(threads int, scratch []T, again bool) bool {
	if g.M < 0 || g.N < 0 || g.K < 0 {
		panic(fmt.Sprintf("kernel: matrix product of %d×%d×%d", g.M, g.K, g.N))
	}
	if g.M == 0 || g.N == 0 {
		return false
	}
	if g.K == 0 {
		checkResult(g.C, g.M, g.N, g.RSC)
		g.Epilogue.check(g.M, g.N)
		g.begin(0, g.M, 0, g.N, true)
		g.finish(g.C, g.RSC, 0, g.M, 0, g.N)
		return false
	}
	g.check()
	if again {
		g.call.p0, g.call.k, g.call.j0 = 0, 0, 0
	} else {
		g.plan(threads, scratch)
	}
	return true
}

// plan cuts the product into pieces of work and the scratch memory into what they
// need.
func (g *Gemm[T]) plan(threads int, scratch []T) {
	t := loopsOf[T]()
	g.call = gemmCall[T]{t: t}
	c := &g.call
	g.Packed.check(g.K, g.N, t.cols)
	strips, blocks := (g.M+t.rows-1)/t.rows, (g.M+t.blockRows-1)/t.blockRows
	c.rows = padTo((g.M+blocks-1)/blocks, t.rows)
	c.blockCols = t.columnBlock(g.N)
	panels := c.blockCols / t.cols
	// Columns are shared where all of A stays in cache: then each panel of B is
	// packed by the thread that needs it. Strips of A are so short that several
	// make a piece as long as there are many.
	inCache := blocks == 1 || blocks == 2 && !g.mustPackA()
	c.byCols = threads > 1 && inCache && panels >= min(strips, sharedPanels*threads)
	c.cols = c.blockCols
	if c.byCols {
		c.cols = t.cols
		if len(g.held) < threads {
			g.held = make([]int, threads)
		}
		clear(g.held)
	}
	for !c.byCols && threads > 1 && strips*((c.blockCols+c.cols-1)/c.cols) < sharedStrips*threads && c.cols >= 8*t.cols {
		c.cols = padTo(c.cols/2, t.cols)
	}
	switch {
	case g.Packed.data != nil, !c.byCols && (blocks > 1 || threads > 1):
		c.packB = packAll
	case g.direct():
		c.packB = packLast
	default:
		c.packB = packEach
	}
	k := min(g.K, depth)
	c.workerLen = gemmWorkerLen(g.M, k)
	split := k * padTo(min(g.N, maxBlockCols), maxTileCols)
	c.packed, c.perWorker = scratch[:split], scratch[split:]
}

// direct reports whether B, needed by one block of rows, is quicker read where it
// is than packed.
func (g *Gemm[T]) direct() bool {
	c, k := &g.call, min(g.K, depth)
	switch {
	case g.CSB != 1 || g.alpha() != 1:
		return false
	case k*g.RSB <= directLen:
		return g.N <= c.t.directCols && !g.mustPackA()
	case c.t.packing != nil && k >= packingDepth:
		return g.M <= packingStrips*c.t.rows
	default:
		return g.M <= directStrips*c.t.rows
	}
}

// mustPackA reports whether A is not to be read where it is: it is scaled, or its
// rows meet the same lines of the first cache.
func (g *Gemm[T]) mustPackA() bool { return g.alpha() != 1 || g.RSA%1024 == 0 }

func (g *Gemm[T]) alpha() T {
	if g.Alpha == 0 {
		return 1
	}
	return g.Alpha
}

// nextBlock moves to the next block of B, down its rows first.
func (g *Gemm[T]) nextBlock() bool {
	c := &g.call
	if c.k == 0 {
		c.nb = min(g.N, c.blockCols)
		c.first = true
	} else {
		c.p0 += c.k
		c.first = false
		if c.p0 == g.K {
			c.j0 += c.nb
			c.p0, c.first = 0, true
			c.nb = min(g.N-c.j0, c.blockCols)
		}
	}
	c.k = min(g.K-c.p0, depth)
	if c.nb > 0 && g.Packed.data != nil {
		c.packed = g.Packed.block(c.p0, c.j0, c.nb)
	}
	return c.nb > 0
}

// pieces returns the number of pieces of work in the present block of B: its
// columns, and for each of these the strips of A one after the other.
func (g *Gemm[T]) pieces() int {
	return g.strips() * ((g.call.nb + g.call.cols - 1) / g.call.cols)
}

// strips is how many pieces share columns of B.
func (g *Gemm[T]) strips() int {
	if g.call.byCols {
		return 1
	}
	return (g.M + g.call.t.rows - 1) / g.call.t.rows
}

type gemmPack[T Float] Gemm[T]

func (g *gemmPack[T]) Do(lo, hi, _ int) { (*Gemm[T])(g).pack(lo, hi) }

// pack packs panels [lo, hi) of the present block of B.
func (g *Gemm[T]) pack(lo, hi int) {
	c := &g.call
	for i := lo; i < hi; i++ {
		j := i * c.t.cols
		from := g.B[c.p0*g.RSB+(c.j0+j)*g.CSB:]
		c.t.packCols(c.packed[j*c.k:], c.k, min(c.t.cols, c.nb-j), from, g.RSB, g.CSB)
	}
}

type gemmMultiply[T Float] Gemm[T]

// Do takes neighboring pieces together, as far as they fit in cache.
func (m *gemmMultiply[T]) Do(lo, hi, worker int) {
	g := (*Gemm[T])(m)
	c := &g.call
	if c.byCols {
		for each := max(1, c.t.directCols/c.cols); lo < hi; lo += each {
			g.multiply(0, g.M, lo*c.cols, min(min(lo+each, hi)*c.cols, c.nb), worker)
		}
		return
	}
	strips := g.strips()
	for lo < hi {
		strip, j0 := lo%strips, lo/strips*c.cols
		n := min(hi-lo, strips-strip, c.rows/c.t.rows)
		g.multiply(strip*c.t.rows, min((strip+n)*c.t.rows, g.M), j0, min(j0+c.cols, c.nb), worker)
		lo += n
	}
}

// multiply computes rows [i0, i1) by columns [j0, j1) of the block of B.
func (g *Gemm[T]) multiply(i0, i1, j0, j1, worker int) {
	c := &g.call
	t := c.t
	m, n := i1-i0, j1-j0
	scratch := c.perWorker[worker*c.workerLen:][:c.workerLen]

	a, rsa, csa := g.A[i0*g.RSA+c.p0*g.CSA:], g.RSA, g.CSA
	step := 0
	if c.packB != packLast && (n > t.directCols || g.mustPackA()) {
		if block := c.p0 + 1; !c.byCols || g.held[worker] != block {
			t.packRows(scratch, m, c.k, a, rsa, csa, g.alpha())
			if c.byCols {
				g.held[worker] = block
			}
		}
		a, rsa, csa, step = scratch, 1, t.rows, t.rows*c.k
	}
	add := !c.first
	if c.first {
		add = g.begin(i0, m, c.j0+j0, n, false)
	}
	width := n
	last := c.p0+c.k == g.K
	if last {
		width = g.Epilogue.cols(m, n, t.cols)
	}
	for j := 0; j < n; j += width {
		nj := min(width, n-j)
		out := g.C[i0*g.RSC+c.j0+j0+j:]
		g.columns(m, nj, a, step, rsa, csa, j0+j, out, add)
		if last {
			g.finish(out, g.RSC, i0, m, c.j0+j0+j, nj)
		}
	}
}

// columns multiplies a block of A by columns [j0, j0+n) of the block of B.
func (g *Gemm[T]) columns(m, n int, a []T, step, rsa, csa, j0 int, out []T, add bool) {
	c := &g.call
	t := c.t
	own := c.packed[j0*c.k:] // panels packed on the way stay in the first cache
	for j := 0; j < n; j += t.cols {
		nj := min(t.cols, n-j)
		b, ldb := own, t.cols
		switch {
		case c.packB == packAll:
			b = own[j*c.k:]
		case c.packB == packEach && nj == t.cols && g.CSB == 1 && t.packs(m):
			b = g.B[c.p0*g.RSB+c.j0+j0+j:]
			t.columnPacking(m, c.k, a, step, rsa, csa, b, g.RSB, own, out[j:], g.RSC, add)
			continue
		case c.packB == packLast && nj == t.cols:
			b, ldb = g.B[c.p0*g.RSB+c.j0+j0+j:], g.RSB
		default:
			t.packCols(own, c.k, nj, g.B[c.p0*g.RSB+(c.j0+j0+j)*g.CSB:], g.RSB, g.CSB)
		}
		t.column(m, nj, c.k, a, step, rsa, csa, b, ldb, out[j:], g.RSC, add)
	}
}

// begin prepares a block of C for the first products: it leaves Beta*C there
// and returns true, or returns false if Beta and zero are not set, so that the
// products may overwrite C.
func (g *Gemm[T]) begin(i0, m, j0, n int, zero bool) bool {
	if g.Beta == 1 {
		return true
	}
	if g.Beta == 0 && !zero {
		return false
	}
	for i := i0; i < i0+m; i++ {
		row := g.C[i*g.RSC+j0:][:n]
		if g.Beta == 0 {
			clear(row)
		} else {
			zipRight(Mul, row, row, g.Beta)
		}
	}
	return true
}
