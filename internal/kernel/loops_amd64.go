//go:build amd64 && !purego

package kernel

//go:generate go -C _asm run . -group gemm -out ../zgemm_amd64.s -stubs ../zgemm_amd64.go -pkg kernel
//go:generate go -C _asm run . -group conv -out ../zconv_amd64.s -stubs ../zconv_amd64.go -pkg kernel
//go:generate go -C _asm run . -group depthwise -out ../zdepthwise_amd64.s -stubs ../zdepthwise_amd64.go -pkg kernel
//go:generate go -C _asm run . -group element -out ../zelement_amd64.s -stubs ../zelement_amd64.go -pkg kernel
//go:generate go -C _asm run . -group math -out ../zmath_amd64.s -stubs ../zmath_amd64.go -pkg kernel
//go:generate go -C _asm run . -group norm -out ../znorm_amd64.s -stubs ../znorm_amd64.go -pkg kernel
//go:generate go -C _asm run . -group optimize -out ../zoptimize_amd64.s -stubs ../zoptimize_amd64.go -pkg kernel

var (
	avx2Loops   = vectorLoops(avx2Tile)
	avx512Loops = vectorLoops(avx512Tile)
)

// vectorLoops returns the loops in AVX2, which both variants use, with a tile.
func vectorLoops(t tile[float32]) loops[float32] {
	l := loops[float32]{
		tile:      t,
		unroll:    runUnroll,
		fold:      runFold,
		gather:    runGather,
		convTile:  runConvTile,
		depthTile: runDepthTile,
		convDot:   runConvDot,
		padLines:  runPadLines,
		unzip:     runUnzip,
		weave:     runWeave,
		maxTile:   runMaxTile,
		maxPairs:  runMaxPairs,

		depthPlane: runDepthPlane,

		channelScale: runChannelScale, channelGrad: runChannelGrad,
		channelSums: runChannelSums, channelSquares: runChannelSquares, channelDots: runChannelDots,

		transpose: runTranspose,
		copyRows:  runCopyRows,
		unary:     mathRows32,
		addScaled: runAddScaled,
	}
	setOptimizers(&l)
	setMath(&l)
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

func runAddScaled(dst []float32, scale float32, src []float32) {
	if n := len(dst); n > 0 {
		addScaledAVX2(&dst[0], scale, &src[:n][0], n)
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
