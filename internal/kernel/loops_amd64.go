//go:build amd64 && !purego

package kernel

//go:generate go -C _asm run . -group gemm -out ../zgemm_amd64.s -stubs ../zgemm_amd64.go -pkg kernel
//go:generate go -C _asm run . -group conv -out ../zconv_amd64.s -stubs ../zconv_amd64.go -pkg kernel
//go:generate go -C _asm run . -group element -out ../zelement_amd64.s -stubs ../zelement_amd64.go -pkg kernel
//go:generate go -C _asm run . -group math -out ../zmath_amd64.s -stubs ../zmath_amd64.go -pkg kernel
//go:generate go -C _asm run . -group optimize -out ../zoptimize_amd64.s -stubs ../zoptimize_amd64.go -pkg kernel

// A block of A and a panel of B of depth 320 stay in the second and the first
// cache: 6×16 leaves 4 of 16 registers for operands, 14×32 4 of 32.
var (
	avx2Loops   = vectorLoops(tile[float32]{rows: 6, cols: 16, blockRows: 120, blockCols: 2048, directCols: 192, run: runAVX2, runs: runsAVX2})
	avx512Loops = vectorLoops(tile[float32]{rows: 14, cols: 32, blockRows: 224, blockCols: 4096, directCols: 192, run: runAVX512, runs: runsAVX512})
)

// vectorLoops returns the loops in AVX2, which both variants use, with a tile.
func vectorLoops(t tile[float32]) loops[float32] {
	l := loops[float32]{
		tile:      t,
		unroll:    runUnroll,
		fold:      runFold,
		convTile:  runConvTile,
		depthTile: runDepthTile,
		convDot:   runConvDot,
		padLines:  runPadLines,
		unzip:     runUnzip,
		transpose: runTranspose,
		copyRows:  runCopyRows,
		unary:     mathRows32,
		addScaled: runAddScaled,
		sum:       runSum,
		sumExp:    runSumExp,
		momentum:  runMomentum,
		adam:      runAdam,
	}
	l.unary[Relu] = unaryLoop(reluAVX2)
	l.unary[Exp] = unaryLoop(expAVX2)
	l.unary[Sigmoid] = unaryLoop(sigmoidAVX2)
	l.unary[Tanh] = unaryLoop(tanhAVX2)
	l.zip[Add], l.zipRight[Add] = zipLoop(addAVX2), valueLoop(addValueAVX2)
	l.zip[Sub], l.zipRight[Sub] = zipLoop(subAVX2), valueLoop(subValueAVX2)
	l.zip[Mul], l.zipRight[Mul] = zipLoop(mulAVX2), valueLoop(mulValueAVX2)
	l.zip[Div], l.zipRight[Div] = zipLoop(divAVX2), valueLoop(divValueAVX2)
	for op, f := range []compareFunc{equalAVX2, notEqualAVX2, lessAVX2, lessEqualAVX2} { // the others exchange operands
		l.compare[op] = compareLoop(CompareOp(op), f)
	}
	for op, f := range [compareCount]compareValueFunc{
		equalValueAVX2, notEqualValueAVX2, lessValueAVX2, lessEqualValueAVX2, greaterValueAVX2, greaterEqualValueAVX2,
	} {
		l.compareValue[op] = compareValueLoop(CompareOp(op), f)
	}
	l.where = runWhere
	return l
}

func unaryLoop(f func(dst, src *float32, n int)) func(dst, src []float32) {
	return func(dst, src []float32) {
		if n := len(dst); n > 0 {
			f(&dst[0], &src[:n][0], n)
		}
	}
}

func zipLoop(f func(dst, a, b *float32, n int)) func(dst, a, b []float32) {
	return func(dst, a, b []float32) {
		if n := len(dst); n > 0 {
			f(&dst[0], &a[:n][0], &b[:n][0], n)
		}
	}
}

func valueLoop(f func(dst, a *float32, y float32, n int)) func(dst, a []float32, y float32) {
	return func(dst, a []float32, y float32) {
		if n := len(dst); n > 0 {
			f(&dst[0], &a[:n][0], y, n)
		}
	}
}

func runAddScaled(dst []float32, scale float32, src []float32) {
	if n := len(dst); n > 0 {
		addScaledAVX2(&dst[0], scale, &src[:n][0], n)
	}
}

func runSum(src []float32) float32 {
	var acc [lanes]float32
	if len(src) > 0 {
		sumAVX2(&acc[0], &src[0], len(src))
	}
	return sumLanes(&acc)
}

func runSumExp(src []float32, shift float32) float32 {
	var acc [lanes]float32
	if len(src) > 0 {
		sumExpAVX2(&acc[0], &src[0], shift, len(src))
	}
	return sumLanes(&acc)
}

func runMomentum(param, grad, buf []float32, c [4]float32) {
	if n := len(param); n > 0 {
		momentumAVX2(&param[0], &grad[:n][0], &buf[:n][0], &c[0], n)
	}
}

func runAdam(param, grad, m, v []float32, c [8]float32) {
	if n := len(param); n > 0 {
		adamAVX2(&param[0], &grad[:n][0], &m[:n][0], &v[:n][0], &c[0], n)
	}
}

// checkRuns panics unless all runs stay inside their slices.
func checkRuns(rows []float32, width int, image []float32, offsets []int, runs []convRun) {
	var row, first, last int
	for _, r := range runs {
		row = max(row, r.at+r.n)
		last = max(last, r.from+r.n)
		first = min(first, r.at, r.from)
	}
	top := 0
	for _, at := range offsets {
		first = min(first, at)
		top = max(top, at)
	}
	_ = rows[(len(offsets)-1)*width+row-1]
	_ = image[top+last-1]
	_ = rows[first:]
}

func runUnroll(rows []float32, width int, image []float32, offsets []int, runs []convRun) {
	checkRuns(rows, width, image, offsets, runs)
	unrollAVX2(&rows[0], width, &image[0], &offsets[0], len(offsets), &runs[0].at, len(runs))
}

func runFold(rows []float32, width int, image []float32, offsets []int, runs []convRun) {
	checkRuns(rows, width, image, offsets, runs)
	foldAVX2(&rows[0], width, &image[0], &offsets[0], len(offsets), &runs[0].at, len(runs))
}
