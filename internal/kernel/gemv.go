package kernel

// vectorCols is the largest number of elements of a product with a vector that
// are computed at a time: they stay in the first cache.
const vectorCols = 1024

// vectorLanes is the length from which a loop over vectors pays.
const vectorLanes = 32

// gemv is a product with a vector, which is bound by the memory of the matrix:
// that is read in place and once.
//
//	y[j] = sum over p < k of x[p*incx] * b[p*rsb + j*csb]
//
// where csb or rsb is 1. Along csb = 1 the sums have the bits of [Gemm]; along
// rsb = 1 they are dot products, in 16 interleaved parts. So a product by one row
// may have other bits than one by more rows, unless B is packed or lies by rows.
type gemv[T Float] struct {
	n, k     int
	x        []T
	incx     int
	b        []T
	rsb, csb int
	y        []T
	beta     T
	Epilogue[T]

	t         *loops[T]
	cols      int // elements of one piece of work
	perWorker []T
}

// vector reports whether g is a product with a vector for which that pays, and
// then prepares it.
func (g *Gemm[T]) vector(threads int) bool {
	t := loopsOf[T]()
	if g.M != 1 && g.N != 1 || g.M <= 0 || g.N <= 0 || g.K <= 0 || t.dots == nil || g.alpha() != 1 || g.B == nil {
		return false
	}
	v, e := &g.row, g.Epilogue
	switch {
	case g.M == 1:
		*v = gemv[T]{n: g.N, x: g.A, incx: g.CSA, b: g.B, rsb: g.RSB, csb: g.CSB}
	case g.RSC == 1 && (e.Residual == nil || e.RSR == 1):
		*v = gemv[T]{n: g.M, x: g.B, incx: g.RSB, b: g.A, rsb: g.CSA, csb: g.RSA}
		e.Bias, e.RowBias = e.RowBias, e.Bias // the result is a row
	default:
		return false
	}
	v.k, v.y, v.beta, v.Epilogue, v.t = g.K, g.C, g.Beta, e, t
	if (v.csb != 1 || v.n < vectorLanes) && (v.rsb != 1 || v.incx != 1 || v.k < vectorLanes) {
		return false
	}
	v.cols = vectorCols
	if threads > 1 { // whole cache lines, and rows of several of them
		v.cols = min(v.cols, padTo((v.n+threads-1)/threads, 64))
	}
	g.check()
	return true
}

// blocks returns the number of pieces of work.
func (v *gemv[T]) blocks() int { return (v.n + v.cols - 1) / v.cols }

// Do computes blocks of cols elements.
func (v *gemv[T]) Do(lo, hi, worker int) {
	part := v.perWorker[worker*vectorCols:][:vectorCols]
	for i := lo; i < hi; i++ {
		j := i * v.cols
		y := v.y[j:min(v.n, j+v.cols)]
		if v.beta != 0 && v.beta != 1 {
			zipRight(Mul, y, y, v.beta)
		}
		if v.csb == 1 && v.n >= vectorLanes {
			v.scaled(y, j, part[:len(y)])
		} else {
			sum := part[:len(y)]
			v.t.dots(sum, v.b[j*v.csb:], v.csb, v.x[:v.k])
			v.keep(y, sum)
		}
		v.finish(y, v.n, 0, 1, j, len(y))
	}
}

// scaled sums rows of b, each block of depth rows by itself.
func (v *gemv[T]) scaled(y []T, j int, part []T) {
	for p := 0; p < v.k; p += depth {
		clear(part)
		v.t.scaledRows(part, v.b[p*v.rsb+j:], v.rsb, v.x[p*v.incx:], v.incx, min(depth, v.k-p))
		if p == 0 {
			v.keep(y, part)
		} else {
			zip(Add, y, y, part)
		}
	}
}

// keep leaves the first sums in y.
func (v *gemv[T]) keep(y, sum []T) {
	if v.beta == 0 {
		copy(y, sum)
	} else {
		zip(Add, y, y, sum)
	}
}
