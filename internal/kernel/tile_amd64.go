//go:build amd64 && !purego

package kernel

import "unsafe"

// tileFunc is a tile in assembly: tile.run for one number of rows and one
// width, with strides in bytes.
type tileFunc[T Number] func(k int, a *T, rsa, csa int, b *T, ldb int, c *T, ldc, n int, add bool, count, step int)

// packingFunc is a tile in assembly that packs the rows of b, too.
type packingFunc[T Float] func(k int, a *T, rsa, csa int, b *T, ldb int, c *T, ldc, n int, add bool, count, step int, packed *T)

// avx2Tiles holds the tiles by rows-1, for up to 8 and up to 16 columns.
var avx2Tiles = [6][2]tileFunc[float32]{
	{tileAVX2x1x8, tileAVX2x1x16},
	{tileAVX2x2x8, tileAVX2x2x16},
	{tileAVX2x3x8, tileAVX2x3x16},
	{tileAVX2x4x8, tileAVX2x4x16},
	{tileAVX2x5x8, tileAVX2x5x16},
	{tileAVX2x6x8, tileAVX2x6x16},
}

// avx2Tiles64 holds the tiles by rows-1, for up to 4 and up to 8 columns.
var avx2Tiles64 = [6][2]tileFunc[float64]{
	{tileAVX2F64x1x4, tileAVX2F64x1x8},
	{tileAVX2F64x2x4, tileAVX2F64x2x8},
	{tileAVX2F64x3x4, tileAVX2F64x3x8},
	{tileAVX2F64x4x4, tileAVX2F64x4x8},
	{tileAVX2F64x5x4, tileAVX2F64x5x8},
	{tileAVX2F64x6x4, tileAVX2F64x6x8},
}

// avx2PackingTiles and avx2PackingTiles64 hold the tiles that pack, by rows-4.
var (
	avx2PackingTiles   = [3]packingFunc[float32]{packingTileAVX2x4x16, packingTileAVX2x5x16, packingTileAVX2x6x16}
	avx2PackingTiles64 = [3]packingFunc[float64]{packingTileAVX2F64x4x8, packingTileAVX2F64x5x8, packingTileAVX2F64x6x8}
)

// avx2PairTiles holds the tiles by rows-1, for up to 8 and up to 16 columns.
var avx2PairTiles = [6][2]tileFunc[int32]{
	{tileAVX2Pairx1x8, tileAVX2Pairx1x16},
	{tileAVX2Pairx2x8, tileAVX2Pairx2x16},
	{tileAVX2Pairx3x8, tileAVX2Pairx3x16},
	{tileAVX2Pairx4x8, tileAVX2Pairx4x16},
	{tileAVX2Pairx5x8, tileAVX2Pairx5x16},
	{tileAVX2Pairx6x8, tileAVX2Pairx6x16},
}

// avx512Tiles holds the tiles by rows-1, for up to 16 and up to 32 columns.
var avx512Tiles = [14][2]tileFunc[float32]{
	{tileAVX512x1x16, tileAVX512x1x32},
	{tileAVX512x2x16, tileAVX512x2x32},
	{tileAVX512x3x16, tileAVX512x3x32},
	{tileAVX512x4x16, tileAVX512x4x32},
	{tileAVX512x5x16, tileAVX512x5x32},
	{tileAVX512x6x16, tileAVX512x6x32},
	{tileAVX512x7x16, tileAVX512x7x32},
	{tileAVX512x8x16, tileAVX512x8x32},
	{tileAVX512x9x16, tileAVX512x9x32},
	{tileAVX512x10x16, tileAVX512x10x32},
	{tileAVX512x11x16, tileAVX512x11x32},
	{tileAVX512x12x16, tileAVX512x12x32},
	{tileAVX512x13x16, tileAVX512x13x32},
	{tileAVX512x14x16, tileAVX512x14x32},
}

// avx512Tiles64 holds the tiles by rows-1, for up to 8 and up to 16 columns.
var avx512Tiles64 = [14][2]tileFunc[float64]{
	{tileAVX512F64x1x8, tileAVX512F64x1x16},
	{tileAVX512F64x2x8, tileAVX512F64x2x16},
	{tileAVX512F64x3x8, tileAVX512F64x3x16},
	{tileAVX512F64x4x8, tileAVX512F64x4x16},
	{tileAVX512F64x5x8, tileAVX512F64x5x16},
	{tileAVX512F64x6x8, tileAVX512F64x6x16},
	{tileAVX512F64x7x8, tileAVX512F64x7x16},
	{tileAVX512F64x8x8, tileAVX512F64x8x16},
	{tileAVX512F64x9x8, tileAVX512F64x9x16},
	{tileAVX512F64x10x8, tileAVX512F64x10x16},
	{tileAVX512F64x11x8, tileAVX512F64x11x16},
	{tileAVX512F64x12x8, tileAVX512F64x12x16},
	{tileAVX512F64x13x8, tileAVX512F64x13x16},
	{tileAVX512F64x14x8, tileAVX512F64x14x16},
}

// A block of A and a panel of B of depth 320 stay in the second and the first
// cache: 6×16 leaves 4 of 16 registers for operands, 14×32 4 of 32.
var (
	avx2Tile      = fit(tile[float32]{rows: 6, cols: 16, directCols: 192, run: runAVX2, packing: runAVX2Packing, dots: runDots, scaledRows: runScaledRows}, thisProcessor, 4)
	avx512Tile    = fit(tile[float32]{rows: 14, cols: 32, directCols: 192, run: runAVX512, dots: runDots, scaledRows: runScaledRows}, thisProcessor, 4)
	avx2Pairs     = fit(tile[int32]{rows: 6, cols: 16, run: runAVX2Pairs}, thisProcessor, 4)
	avx2Loops64   = tileLoops64(fit(tile[float64]{rows: 6, cols: 8, directCols: 96, run: runAVX2F64, packing: runAVX2F64Packing}, thisProcessor, 8))
	avx512Loops64 = tileLoops64(fit(tile[float64]{rows: 14, cols: 16, directCols: 96, run: runAVX512F64}, thisProcessor, 8))
)

// tileLoops64 are the definitions with a tile in assembly.
func tileLoops64(t tile[float64]) loops[float64] {
	l := goLoops64
	l.tile = t
	l.copyRows = runCopyRows64
	return l
}

func runAVX2(count, m, n, k int, a []float32, step, rsa, csa int, b []float32, ldb int, c []float32, ldc int, add bool) {
	runTiles(&avx2Tiles[m-1], 16, count, m, n, k, a, step, rsa, csa, b, ldb, c, ldc, add)
}

func runAVX2Pairs(count, m, n, k int, a []int32, step, rsa, csa int, b []int32, ldb int, c []int32, ldc int, add bool) {
	runTiles(&avx2PairTiles[m-1], 16, count, m, n, k, a, step, rsa, csa, b, ldb, c, ldc, add)
}

func runAVX2F64(count, m, n, k int, a []float64, step, rsa, csa int, b []float64, ldb int, c []float64, ldc int, add bool) {
	runTiles(&avx2Tiles64[m-1], 8, count, m, n, k, a, step, rsa, csa, b, ldb, c, ldc, add)
}

func runAVX512(count, m, n, k int, a []float32, step, rsa, csa int, b []float32, ldb int, c []float32, ldc int, add bool) {
	runTiles(&avx512Tiles[m-1], 32, count, m, n, k, a, step, rsa, csa, b, ldb, c, ldc, add)
}

func runAVX512F64(count, m, n, k int, a []float64, step, rsa, csa int, b []float64, ldb int, c []float64, ldc int, add bool) {
	runTiles(&avx512Tiles64[m-1], 16, count, m, n, k, a, step, rsa, csa, b, ldb, c, ldc, add)
}

// runTiles checks that count tiles of m×cols stay inside their slices, and runs
// the narrower function if that suffices.
func runTiles[T Number](f *[2]tileFunc[T], cols, count, m, n, k int, a []T, step, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool) {
	_ = a[(count-1)*step+(m-1)*rsa+(k-1)*csa]
	_ = b[(k-1)*ldb+cols-1]
	_ = c[(count*m-1)*ldc+n-1]
	run := f[1]
	if n <= cols/2 {
		run = f[0]
	}
	size := int(unsafe.Sizeof(c[0]))
	run(k, &a[0], size*rsa, size*csa, &b[0], size*ldb, &c[0], size*ldc, n, add, count, size*step)
}

func runAVX2Packing(m, k int, a []float32, rsa, csa int, b []float32, ldb int, packed, c []float32, ldc int, add bool) {
	runPacking(&avx2PackingTiles, 16, m, k, a, rsa, csa, b, ldb, packed, c, ldc, add)
}

func runAVX2F64Packing(m, k int, a []float64, rsa, csa int, b []float64, ldb int, packed, c []float64, ldc int, add bool) {
	runPacking(&avx2PackingTiles64, 8, m, k, a, rsa, csa, b, ldb, packed, c, ldc, add)
}

// runPacking checks that a tile of m×cols stays inside its slices, and runs it.
func runPacking[T Float](f *[3]packingFunc[T], cols, m, k int, a []T, rsa, csa int, b []T, ldb int, packed, c []T, ldc int, add bool) {
	_ = a[(m-1)*rsa+(k-1)*csa]
	_ = b[(k-1)*ldb+cols-1]
	_ = packed[k*cols-1]
	_ = c[(m-1)*ldc+cols-1]
	size := int(unsafe.Sizeof(c[0]))
	f[m-4](k, &a[0], size*rsa, size*csa, &b[0], size*ldb, &c[0], size*ldc, cols, add, 1, 0, &packed[0])
}

func runTranspose(dst []float32, ldd int, src []float32, lds, rows, k int) {
	if rows == 0 || k == 0 {
		return
	}
	_ = dst[(k-1)*ldd+rows-1]
	_ = src[(rows-1)*lds+k-1]
	whole := k &^ 7
	for r := 0; r < rows; r += 8 {
		n := min(8, rows-r)
		if whole > 0 {
			transposeAVX2(&dst[r], ldd, &src[r*lds], lds, n, whole)
		}
		if whole < k {
			goTranspose(dst[whole*ldd+r:], ldd, src[r*lds+whole:], lds, n, k-whole)
		}
	}
}

// runCopyRows is copyRowsAVX2, which stores whole vectors, where a row's next
// row or k's end makes good what that writes.
func runCopyRows(dst []float32, ldd int, src []float32, lds, n, k int) {
	if n == 0 || k == 0 {
		return
	}
	_ = dst[(k-1)*ldd+n-1]
	_ = src[(k-1)*lds+n-1]
	if k > 1 && (ldd < n || (k-2)*ldd+padTo(n, 8) > (k-1)*ldd+n) {
		goCopyRows(dst, ldd, src, lds, n, k)
		return
	}
	copyRowsAVX2(&dst[0], ldd, &src[0], lds, n, k)
}

func runCopyRows64(dst []float64, ldd int, src []float64, lds, n, k int) {
	runCopyRows(View[float32](dst), 2*ldd, View[float32](src), 2*lds, 2*n, k)
}
