package kernel

// depth is the number of products that a matrix product adds up before it adds
// to the result (KC). It is part of the definition of every product's bits, so
// it is the same for all variants.
const depth = 320

// Where a panel of B is quicker read where it is than packed, as measured: up to
// so many tiles one under another, or so few where a tile of some depth packs it
// on the way; and where a whole block of B lies in the first cache.
const (
	directStrips  = 4
	packingStrips = 2
	packingDepth  = 128
	directLen     = 8192
)

// How many panels of B, or tiles that lie one under another, each thread should
// have at least, so that none waits long for the last one.
const (
	sharedPanels = 4
	sharedStrips = 16
)

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
type tile[T Number] struct {
	rows, cols           int // largest block of one call
	blockRows, blockCols int // of A and B that stay in cache: multiples of rows and cols
	directCols           int // the most columns of B for which packing A does not pay

	// run computes count tiles of m ≤ rows rows one under another, for i < m and
	// j < n ≤ cols,
	//
	//	sum = 0
	//	for p < k: sum += a[i*rsa + p*csa] * b[p*ldb + j]
	//	c[i*ldc + j] = add ? c[i*ldc + j] + sum : sum
	//
	// and so on with a[step:] and c[m*ldc:]. count and k are at least 1. All cols
	// elements of each row of b are read. a and b must not overlap c.
	run func(count, m, n, k int, a []T, step, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool)

	// packing, if not nil, is run for one tile of m×cols, more than half of rows
	// high, that leaves the rows of b in packed, too, one after the other.
	packing func(m, k int, a []T, rsa, csa int, b []T, ldb int, packed, c []T, ldc int, add bool)

	// uneven says that as many tiles as there can be have all rows, and one has
	// what is left; otherwise the rows are spread evenly.
	uneven bool

	// dots and scaledRows serve products with a vector. They may be nil.
	//
	//	for i < len(dst): dst[i] = sum over p < len(x) of a[i*lda + p]*x[p]
	//	for p < k, j < len(dst): dst[j] += x[p*incx]*b[p*ldb + j]
	dots       func(dst, a []T, lda int, x []T)
	scaledRows func(dst, b []T, ldb int, x []T, incx, k int)
}

// goTiles defines tile.run for tiles of up to 4×4.
func goTiles[T Float](count, m, n, k int, a []T, step, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool) {
	for i := range count {
		goTile(m, n, k, a[i*step:], rsa, csa, b, ldb, c[i*m*ldc:], ldc, add)
	}
}

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

// columnBlock returns into blocks of how many columns n ≥ 1 are divided, about
// evenly.
func (t *tile[T]) columnBlock(n int) int {
	blocks := (n + t.blockCols - 1) / t.blockCols
	return padTo((n+blocks-1)/blocks, t.cols)
}

// strips is a number of tiles of the same height.
type strips struct{ count, rows int }

// cut returns how m rows are cut into tiles: those of the second height, if any,
// follow those of the first.
func (t *tile[T]) cut(m int) [2]strips {
	if t.uneven {
		return [2]strips{{m / t.rows, t.rows}, {min(1, m%t.rows), m % t.rows}}
	}
	count := (m + t.rows - 1) / t.rows
	if count == 0 {
		return [2]strips{}
	}
	tall := m % count
	if tall == 0 {
		return [2]strips{{count, m / count}}
	}
	return [2]strips{{tall, m/count + 1}, {count - tall, m / count}}
}

// block multiplies a block of A by packed panels of B, for i < m, j < n:
//
//	c[i*ldc + j] (+)= sum over p < k of A[i, p] * B[p, j]
//
// A has strides rsa and csa. If step is not 0, its rows are cut into strips as
// packRows leaves them, step apart.
func (t *tile[T]) block(m, n, k int, a []T, step, rsa, csa int, b, c []T, ldc int, add bool) {
	for j := 0; j < n; j += t.cols {
		panel := b[j*k:][:t.cols*k]
		t.column(m, min(t.cols, n-j), k, a, step, rsa, csa, panel, t.cols, c[j:], ldc, add)
	}
}

// column is block for n ≤ cols, by rows of B that are ldb apart.
func (t *tile[T]) column(m, n, k int, a []T, step, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool) {
	i, at := 0, 0
	for _, s := range t.cut(m) {
		if s.count == 0 {
			continue
		}
		next := step
		if step == 0 {
			next = s.rows * rsa
		}
		t.run(s.count, s.rows, n, k, a[at:], next, rsa, csa, b, ldb, c[i*ldc:], ldc, add)
		i, at = i+s.count*s.rows, at+s.count*next
	}
}

// packs reports whether the first of the strips that m rows are cut into can pack
// a panel of B for the others.
func (t *tile[T]) packs(m int) bool { return t.packing != nil && m > t.rows }

// columnPacking is column for cols columns where packs(m): it leaves them in
// packed, too.
func (t *tile[T]) columnPacking(m, k int, a []T, step, rsa, csa int, b []T, ldb int, packed, c []T, ldc int, add bool) {
	first := t.cut(m)[0].rows
	t.packing(first, k, a, rsa, csa, b, ldb, packed, c, ldc, add)
	next := step
	if step == 0 {
		next = first * rsa
	}
	t.column(m-first, t.cols, k, a[next:], step, rsa, csa, packed, t.cols, c[first*ldc:], ldc, add)
}

// packRows packs an m×k block of A for block: strips of up to rows rows, each
// column by column, multiplied by scale. Rows that a strip lacks are not
// written.
func (l *loops[T]) packRows(dst []T, m, k int, a []T, rsa, csa int, scale T) {
	i := 0
	for _, s := range l.cut(m) {
		for range s.count {
			l.packStrip(dst[:l.rows*k], s.rows, k, a[i*rsa:], rsa, csa, scale)
			dst = dst[l.rows*k:]
			i += s.rows
		}
	}
}

func (l *loops[T]) packStrip(dst []T, m, k int, a []T, rsa, csa int, scale T) {
	if csa == 1 && scale == 1 {
		l.transpose(dst, l.rows, a, rsa, m, k)
		return
	}
	if rsa == 1 && scale == 1 {
		l.copyRows(dst, l.rows, a, csa, m, k)
		return
	}
	for p := range k {
		from := p * csa
		col := dst[p*l.rows:][:m]
		for i := range col {
			col[i] = scale * a[from]
			from += rsa
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
