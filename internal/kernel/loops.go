package kernel

// loops are the loops that variants write in their own way.
type loops[T Float] struct {
	tile[T]

	// unroll copies runs of an image to rows of its unrolled form:
	//
	//	for i < len(offsets), run in runs, j < run.n:
	//		rows[i*width + run.at + j] = image[offsets[i] + run.from + j]
	//
	// fold goes the other way and adds, in order of the rows:
	//
	//	image[offsets[i] + run.from + j] += rows[i*width + run.at + j]
	//
	// rows and image do not overlap.
	unroll, fold func(rows []T, width int, image []T, offsets []int, runs []convRun)
}

// loopsOf returns the loops of the variant in use.
func loopsOf[T Float]() *loops[T] {
	if l, ok := any(current.Load().loops32).(*loops[T]); ok {
		return l
	}
	return any(&goLoops64).(*loops[T])
}

// The definitions.
var (
	goLoops32 = loops[float32]{
		tile:   tile[float32]{rows: 4, cols: 4, blockRows: 128, blockCols: 1024, run: goTile[float32]},
		unroll: goUnroll[float32],
		fold:   goFold[float32],
	}
	goLoops64 = loops[float64]{
		tile:   tile[float64]{rows: 4, cols: 4, blockRows: 64, blockCols: 1024, run: goTile[float64]},
		unroll: goUnroll[float64],
		fold:   goFold[float64],
	}
)
