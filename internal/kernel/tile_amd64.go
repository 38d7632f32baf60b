//go:build amd64 && !purego

package kernel

// tileFunc is a tile in assembly: [tile].run for one number of rows and one
// width, with strides in bytes.
type tileFunc func(k int, a *float32, rsa, csa int, b *float32, ldb int, c *float32, ldc, n int, add bool)

// avx2Tiles holds the tiles by rows-1, for up to 8 and up to 16 columns.
var avx2Tiles = [6][2]tileFunc{
	{tileAVX2x1x8, tileAVX2x1x16},
	{tileAVX2x2x8, tileAVX2x2x16},
	{tileAVX2x3x8, tileAVX2x3x16},
	{tileAVX2x4x8, tileAVX2x4x16},
	{tileAVX2x5x8, tileAVX2x5x16},
	{tileAVX2x6x8, tileAVX2x6x16},
}

// avx512Tiles holds the tiles by rows-1, for up to 16 and up to 32 columns.
var avx512Tiles = [14][2]tileFunc{
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

func runAVX2(m, n, k int, a []float32, rsa, csa int, b []float32, ldb int, c []float32, ldc int, add bool) {
	runTile(&avx2Tiles[m-1], 16, m, n, k, a, rsa, csa, b, ldb, c, ldc, add)
}

func runAVX512(m, n, k int, a []float32, rsa, csa int, b []float32, ldb int, c []float32, ldc int, add bool) {
	runTile(&avx512Tiles[m-1], 32, m, n, k, a, rsa, csa, b, ldb, c, ldc, add)
}

// runTile checks that the tile stays inside its slices, and runs the narrower
// function if that suffices.
func runTile(f *[2]tileFunc, cols, m, n, k int, a []float32, rsa, csa int, b []float32, ldb int, c []float32, ldc int, add bool) {
	_ = a[(m-1)*rsa+(k-1)*csa]
	_ = b[(k-1)*ldb+cols-1]
	_ = c[(m-1)*ldc+n-1]
	run := f[1]
	if n <= cols/2 {
		run = f[0]
	}
	run(k, &a[0], 4*rsa, 4*csa, &b[0], 4*ldb, &c[0], 4*ldc, n, add)
}
