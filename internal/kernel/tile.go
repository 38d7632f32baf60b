package kernel

// depth is the number of products that a matrix product adds up before it adds
// to the result (KC). It is part of the definition of every product's bits, so
// it is the same for all variants.
const depth = 320

// The largest values of any tile's fields, for scratch memory that serves all
// variants.
const (
	maxTileRows  = 16
	maxTileCols  = 32
	maxBlockRows = 240
	maxBlockCols = 4096
)

// tile is the inner loop of the matrix product: it computes a small block of
// the result in registers.
type tile[T Float] struct {
	rows, cols           int // largest block of one call
	blockRows, blockCols int // of A and B that stay in cache: multiples of rows and cols
	directCols           int // the most columns of B for which packing A does not pay

	// run computes, for i < m ≤ rows and j < n ≤ cols,
	//
	//	sum = 0
	//	for p < k: sum += a[i*rsa + p*csa] * b[p*ldb + j]
	//	c[i*ldc + j] = add ? c[i*ldc + j] + sum : sum
	//
	// k is at least 1. All cols elements of each row of b are read. a and b
	// must not overlap c.
	run func(m, n, k int, a []T, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool)

	// runs is run for count whole tiles one under another, with a[step:] and
	// c[rows*ldc:] for the second and so on. It may be nil.
	runs func(count, n, k int, a []T, step, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool)

	// dots and scaledRows serve products with a vector. They may be nil.
	//
	//	for i < len(dst): dst[i] = sum over p < len(x) of a[i*lda + p]*x[p]
	//	for p < k, j < len(dst): dst[j] += x[p*incx]*b[p*ldb + j]
	dots       func(dst, a []T, lda int, x []T)
	scaledRows func(dst, b []T, ldb int, x []T, incx, k int)
}

// goTile defines tile.run for blocks of 4×4.
func goTile[T Float](m, n, k int, a []T, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool) {
	const rows, cols = 4, 4
	var sum [rows * cols]T
	switch {
	case m == rows && rsa == 1 && csa == rows && ldb == cols:
		a, b = a[:rows*k], b[:cols*k]
		goTile4x2(a, b, sum[:])
		goTile4x2(a, b[2:], sum[2:])
	default:
		for i := range m {
			goTile1x4(k, a[i*rsa:], csa, b, ldb, sum[i*cols:])
		}
	}
	for i := range m {
		out, s := c[i*ldc:][:n], sum[i*cols:][:n]
		if !add {
			copy(out, s)
			continue
		}
		for j, v := range s {
			out[j] += v
		}
	}
}

// goTile4x2 sums a block of four packed rows and two packed columns, into sum
// with rows of 4.
func goTile4x2[T Float](a, b, sum []T) {
	var s00, s01, s10, s11, s20, s21, s30, s31 T
	// The bounds checks stay in on purpose: without them the compiler moves all
	// products to the front and spills the sums.
	for i := 0; i+4 <= len(a) && i+2 <= len(b); i += 4 {
		x, y := b[i], b[i+1]
		v := a[i]
		s00 += T(v * x)
		s01 += T(v * y)
		v = a[i+1]
		s10 += T(v * x)
		s11 += T(v * y)
		v = a[i+2]
		s20 += T(v * x)
		s21 += T(v * y)
		v = a[i+3]
		s30 += T(v * x)
		s31 += T(v * y)
	}
	_ = sum[13]
	sum[0], sum[1] = s00, s01
	sum[4], sum[5] = s10, s11
	sum[8], sum[9] = s20, s21
	sum[12], sum[13] = s30, s31
}

// goTile1x4 sums a block of one row and four columns.
func goTile1x4[T Float](k int, a []T, csa int, b []T, ldb int, sum []T) {
	var s0, s1, s2, s3 T
	ia, ib := 0, 0
	for range k {
		bp := b[ib:][:4]
		x := a[ia]
		s0 += T(x * bp[0])
		s1 += T(x * bp[1])
		s2 += T(x * bp[2])
		s3 += T(x * bp[3])
		ia += csa
		ib += ldb
	}
	sum[0], sum[1], sum[2], sum[3] = s0, s1, s2, s3
}

// block multiplies a block of A by packed panels of B, for i < m, j < n:
//
//	c[i*ldc + j] (+)= sum over p < k of A[i, p] * B[p, j]
//
// Tile t of A begins at a[t*step] and has strides rsa and csa.
func (t *tile[T]) block(m, n, k int, a []T, step, rsa, csa int, b, c []T, ldc int, add bool) {
	for j := 0; j < n; j += t.cols {
		panel := b[j*k:][:t.cols*k]
		t.column(m, min(t.cols, n-j), k, a, step, rsa, csa, panel, t.cols, c[j:], ldc, add)
	}
}

// column is block for n ≤ cols, by rows of B that are ldb apart.
func (t *tile[T]) column(m, n, k int, a []T, step, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool) {
	i, at := 0, 0
	if count := m / t.rows; count > 0 && t.runs != nil {
		t.runs(count, n, k, a, step, rsa, csa, b, ldb, c, ldc, add)
		i, at = count*t.rows, count*step
	}
	for ; i < m; i += t.rows {
		t.run(min(t.rows, m-i), n, k, a[at:], rsa, csa, b, ldb, c[i*ldc:], ldc, add)
		at += step
	}
}

// packRows packs an m×k block of A for block: tiles of rows rows, each column
// by column, multiplied by scale. The rows of a last partial tile that do not
// exist are not written.
func (l *loops[T]) packRows(dst []T, m, k int, a []T, rsa, csa int, scale T) {
	for i0 := 0; i0 < m; i0 += l.rows {
		mi := min(l.rows, m-i0)
		out := dst[i0*k:][:l.rows*k]
		if csa == 1 && scale == 1 {
			l.transpose(out, l.rows, a[i0*rsa:], rsa, mi, k)
			continue
		}
		if rsa == 1 && scale == 1 {
			l.copyRows(out, l.rows, a[i0:], csa, mi, k)
			continue
		}
		for p := range k {
			from := i0*rsa + p*csa
			col := out[p*l.rows:][:mi]
			for i := range col {
				col[i] = scale * a[from]
				from += rsa
			}
		}
	}
}

// packCols packs a k×n block of B, at most cols wide, as one panel: row by row,
// padded with zeros to cols.
func (l *loops[T]) packCols(dst []T, k, n int, b []T, rsb, csb int) {
	dst = dst[:k*l.cols]
	if n < l.cols {
		clear(dst) // what is not a number there would slow the products down
	}
	switch {
	case csb == 1:
		l.copyRows(dst, l.cols, b, rsb, n, k)
	case rsb == 1:
		l.transpose(dst, l.cols, b, csb, n, k)
	default:
		for j := range n {
			from, to := j*csb, j
			for range k {
				dst[to] = b[from]
				from += rsb
				to += l.cols
			}
		}
	}
}

// goCopyRows defines loops.copyRows.
func goCopyRows[T Float](dst []T, ldd int, src []T, lds, n, k int) {
	for p := range k {
		copy(dst[p*ldd:], src[p*lds:][:n])
	}
}

// goTranspose defines loops.transpose.
func goTranspose[T Float](dst []T, ldd int, src []T, lds, rows, k int) {
	for r := range rows {
		to := r
		for _, v := range src[r*lds:][:k] {
			dst[to] = v
			to += ldd
		}
	}
}

// padTo returns the least multiple of m that is not below n.
func padTo(n, m int) int { return (n + m - 1) / m * m }
