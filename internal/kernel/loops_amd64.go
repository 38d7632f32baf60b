//go:build amd64 && !purego

package kernel

//go:generate go -C _asm run . -out ../zkernel_amd64.s -stubs ../zkernel_amd64.go -pkg kernel

// A block of A and a panel of B of depth 320 stay in the second and the first
// cache: 6×16 leaves 4 of 16 registers for operands, 14×32 4 of 32.
var (
	avx2Loops = loops[float32]{
		tile:   tile[float32]{rows: 6, cols: 16, blockRows: 120, blockCols: 2048, run: runAVX2},
		unroll: runUnroll,
		fold:   runFold,
	}
	avx512Loops = loops[float32]{
		tile:   tile[float32]{rows: 14, cols: 32, blockRows: 224, blockCols: 4096, run: runAVX512},
		unroll: runUnroll,
		fold:   runFold,
	}
)

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
