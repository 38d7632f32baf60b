//go:build amd64 && !purego

package kernel

// convTilesAVX2 holds the tiles of a convolution by rows-1 and vectors-1.
var convTilesAVX2 = [convTileRows][convTileVectors]func(tiles, k int, a *float32, astep int, b *float32, bstep int, whole bool, offsets *int, c *float32, ldc, cstep, most, last int, add bool, bias, residual, bounds *float32){
	{convTileAVX2x1x8, convTileAVX2x1x16, convTileAVX2x1x24},
	{convTileAVX2x2x8, convTileAVX2x2x16, convTileAVX2x2x24},
	{convTileAVX2x3x8, convTileAVX2x3x16, convTileAVX2x3x24},
	{convTileAVX2x4x8, convTileAVX2x4x16, convTileAVX2x4x24},
}

// depthTilesAVX2 holds the tiles of one channel by vectors-1 and rows-1.
var depthTilesAVX2 = [convTileVectors][6]func(k int, w, b *float32, ldb int, whole bool, offsets *int, c *float32, ldc, n int, bias float32){
	{depthTileAVX2x1x8, depthTileAVX2x2x8, depthTileAVX2x3x8, depthTileAVX2x4x8, depthTileAVX2x5x8, depthTileAVX2x6x8},
	{depthTileAVX2x1x16, depthTileAVX2x2x16, depthTileAVX2x3x16, depthTileAVX2x4x16, depthTileAVX2x5x16, depthTileAVX2x6x16},
	{depthTileAVX2x1x24, depthTileAVX2x2x24, depthTileAVX2x3x24, depthTileAVX2x4x24},
}

type convDotFunc func(lines, n int, a *float32, lda, aline int, b *float32, bline int, offsets *int, sum *float32)

// convDotsAVX2 holds the sums of products of one row by taps-1.
var convDotsAVX2 = [9]convDotFunc{
	convDotAVX2x1x1, convDotAVX2x1x2, convDotAVX2x1x3, convDotAVX2x1x4, convDotAVX2x1x5,
	convDotAVX2x1x6, convDotAVX2x1x7, convDotAVX2x1x8, convDotAVX2x1x9,
}

func runConvTile(t convTile, a, b []float32, offsets []int, c []float32, e convEnding[float32]) {
	left := (t.rows - 1) % convTileRows // of the last tile, less 1
	_ = a[(t.rows-1)/convTileRows*t.astep+(t.k-1)*convTileRows+left]
	end := t.reach + (t.vectors-1)*t.bstep
	_ = b[end+t.last-1]
	size := (t.rows-1)*t.ldc + (t.vectors-1)*t.cstep + t.last
	_ = c[size-1]
	_ = offsets[t.k-1]
	var bias, residual, bounds *float32
	if e.bias != nil {
		bias = &e.bias[:t.rows][0]
	}
	if e.residual != nil {
		residual = &e.residual[:size][0]
	}
	if e.bounds != nil {
		bounds = &e.bounds[:2][0]
	}
	whole := end+convLanes <= len(b)
	v := t.vectors - 1
	if tiles := t.rows / convTileRows; tiles > 0 {
		convTilesAVX2[convTileRows-1][v](tiles, t.k, &a[0], 4*t.astep, &b[0], 4*t.bstep, whole, &offsets[0], &c[0], 4*t.ldc, 4*t.cstep, t.most, t.last, t.add, bias, residual, bounds)
		done := tiles * convTileRows
		if done == t.rows {
			return
		}
		a, c = a[tiles*t.astep:], c[done*t.ldc:]
		if bias != nil {
			bias = &e.bias[done]
		}
		if residual != nil {
			residual = &e.residual[done*t.ldc]
		}
	}
	convTilesAVX2[left][v](1, t.k, &a[0], 0, &b[0], 4*t.bstep, whole, &offsets[0], &c[0], 4*t.ldc, 4*t.cstep, t.most, t.last, t.add, bias, residual, bounds)
}

func runDepthTile(rows int, w, b []float32, ldb int, offsets []int, c []float32, ldc, n int, bias float32) {
	_ = w[len(offsets)-1]
	end := reach(offsets) + (rows-1)*ldb
	_ = b[end+n-1]
	_ = c[(rows-1)*ldc+n-1]
	vectors := (n + convLanes - 1) / convLanes
	depthTilesAVX2[vectors-1][rows-1](len(offsets), &w[0], &b[0], 4*ldb, end+vectors*convLanes <= len(b), &offsets[0], &c[0], 4*ldc, n, bias)
}

func runConvDot(d convDot, a, b []float32, offsets []int, sum []float32) {
	_ = a[(d.rows-1)*d.lda+(d.lines-1)*d.aline+d.n-1]
	_ = b[reach(offsets[:d.taps])+(d.lines-1)*d.bline+d.n-1]
	_ = sum[d.rows*d.taps*convLanes-1]
	convDotsAVX2[d.taps-1](d.lines, d.n, &a[0], 4*d.lda, 4*d.aline, &b[0], 4*d.bline, &offsets[0], &sum[0])
}

func runPadLines(dst []float32, ldd int, src []float32, lds, n, lines int) {
	if n == 0 || lines == 0 {
		return
	}
	_ = dst[(lines-1)*ldd+n-1]
	_ = src[(lines-1)*lds+n-1]
	padLinesAVX2(&dst[0], 4*ldd, &src[0], 4*lds, n, lines)
}

func runWeave(dst, src []float32, lds, k int) {
	_ = src[(convTileRows-1)*lds+k-1]
	_ = dst[convTileRows*k-1]
	weaveAVX2(&dst[0], &src[0], 4*lds, k)
}

// runGather leaves runs without whole vectors after them to the definition.
func runGather(dst []float32, width int, src []float32, offsets []int, runs []convRun) {
	from, to := 0, 0
	for _, r := range runs {
		from, to = max(from, r.from), max(to, r.at)
	}
	if reach(offsets)+from+convLanes > len(src) || (len(offsets)-1)*width+to+convLanes > len(dst) {
		goUnroll(dst, width, src, offsets, runs)
		return
	}
	gatherAVX2(&dst[0], 4*width, &src[0], &offsets[0], len(offsets), &runs[0].at, len(runs))
}

func runUnzip(even, odd, src []float32) {
	whole := len(odd) &^ (convLanes - 1)
	if whole > 0 {
		_, _ = even[:whole], src[:2*whole]
		unzipAVX2(&even[0], &odd[0], &src[0], whole)
	}
	goUnzip(even[whole:], odd[whole:], src[2*whole:])
}
