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
	//
	// gather is unroll for runs of up to convLanes in the order of at, and may write
	// as many elements from at on: what follows a run is lost unless it is the last.
	unroll, fold, gather func(rows []T, width int, image []T, offsets []int, runs []convRun)

	// convTile computes tiles of a convolution, rows of weights that are packed
	// by convTileRows, astep apart, by vectors of convLanes pixels:
	//
	//	for i < rows, v < vectors, j < most, or last in the last vector:
	//		c[i*ldc + v*cstep + j] (+)= bias[i] + sum over p < k of
	//			a[i/convTileRows*astep + p*convTileRows + i%convTileRows] * b[offsets[p] + v*bstep + j]
	//
	// It adds to c if add is set, and applies the rest of the ending. depthTile does so for one
	// channel and up to depthTileRows(n) rows of n pixels:
	//
	//	c[i*ldc + j] = bias + sum over p < len(offsets) of w[p] * b[offsets[p] + i*ldb + j]
	//
	// depthPlane does so for kernels of 3×3 and many rows; nil where depthTile is
	// as good.
	//
	// convDot adds up products with shifted images:
	//
	//	for i < rows, t < taps, l < lines, j < n:
	//		sum[(i*taps + t)*convLanes + j%convLanes] +=
	//			a[i*lda + l*aline + j] * b[offsets[t] + l*bline + j]
	//
	// padLines and unzip prepare what they read:
	//
	//	for l < lines, j < n: dst[l*ldd + j] = src[l*lds + j]
	//	for i < len(odd): even[i], odd[i] = src[2*i], src[2*i+1]
	//
	// even may be longer by one, which then takes the last element of src.
	convTile  func(t convTile, a, b []T, offsets []int, c []T, e convEnding[T])
	depthTile func(rows int, w, b []T, ldb int, offsets []int, c []T, ldc, n int, bias T)

	depthPlane func(p depthPlane, w, b, c []T, bias, low, high T)

	convDot func(d convDot, a, b []T, offsets []int, sum []T)

	padLines func(dst []T, ldd int, src []T, lds, n, lines int)
	unzip    func(even, odd, src []T)

	// weave packs a tile of rows of weights, for k of at least convLanes:
	//
	//	for p < k, r < convTileRows: dst[p*convTileRows + r] = src[r*lds + p]
	weave func(dst, src []T, lds, k int)

	// maxTile takes the maximum of what taps of windows meet, NaN being the
	// greatest, the first of equal values, and tells where it was:
	//
	//	for j < n: y[j] = max over p of b[offsets[p] + j], or -Inf
	//	           index[j] = start + j*step + deltas[p] of that, or -1 for -Inf
	//
	// b goes on for convLanes elements after the last that is met.
	// maxPairs does so for windows of 2×2 side by side, which begin at start in
	// planes of a width.
	maxTile  func(n int, b []T, offsets []int, deltas []int32, y []T, index []int64, start, step int)
	maxPairs func(y []T, index []int64, top, bottom []T, start, width int)

	// The normalization of channels of one sample: row c, of size elements, is
	// one of them. The result, the gradient, and what is added to sums:
	//
	//	dst[c, i] = (src[c, i] - mean[c])*gain[c] + bias[c]
	//	dst[c, i] = gain[c] * (dy[c, i] - sum[c] - (x[c, i] - mean[c])*dot[c])
	//	sum[c] += sum of x[c, i]
	//	sum[c] += sum of (x[c, i] - mean[c])²
	//	sum[c] += sum of dy[c, i], dot[c] += sum of (x[c, i] - mean[c])*dy[c, i]
	//
	// Sums run in lanes, whose number is the variant's.
	channelScale   func(dst, src []T, size int, mean, gain, bias []T)
	channelGrad    func(dst, dy, x []T, size int, mean, dot, sum, gain []T)
	channelSums    func(sum, x []T, size int)
	channelSquares func(sum, x []T, size int, mean []T)
	channelDots    func(sum, dot, dy, x []T, size int, mean []T)

	// transpose packs operands of the product:
	//
	//	for r < rows, p < k: dst[p*ldd + r] = src[r*lds + p]
	//
	// copyRows does so where they lie the other way:
	//
	//	for p < k, j < n: dst[p*ldd + j] = src[p*lds + j]
	//
	// dst and src do not overlap.
	transpose func(dst []T, ldd int, src []T, lds, rows, k int)
	copyRows  func(dst []T, ldd int, src []T, lds, n, k int)

	// Elementwise loops; nil where the definition has no faster form. All give
	// the definition's bits but the functions that Unary names.
	unary        [unaryCount]func(dst, src []T, alpha, beta T)
	zip          [binaryCount]func(dst, a, b []T)          // of two rows
	zipRight     [binaryCount]func(dst, a []T, y T)        // of a row and a value
	zipLeft      [binaryCount]func(dst, a []T, y T)        // of a value and a row, where the order matters
	compare      [compareCount]func(dst []uint8, a, b []T) // of two rows
	compareValue [compareCount]func(dst []uint8, a []T, y T)
	where        func(dst []T, cond []uint8, a []T, stepA int, b []T, stepB int)
	addScaled    func(dst []T, scale T, src []T)
	stream       func(dst, src []T) // copies past the caches

	// uniform computes as many first elements of dst as are worth while, the words
	// of s from a block on, and returns how many; nil where the definition has no
	// faster form.
	uniform func(dst []T, s Stream, block uint64) int

	// Conversions of whole eights, with the definition's bits; nil where it has
	// no faster form.
	toFloat16, toBFloat16     func(dst []uint16, src []T)
	fromFloat16, fromBFloat16 func(dst []T, src []uint16)
	addFloat16, addBFloat16   func(dst []T, src []uint16)

	// Reductions: of a run, of blocks of reduceBlock elements each, and of
	// len(src)/len(dst) rows; nil where the definition has no faster form.
	sum       func(src []T) T // sumRun
	sumBlocks func(dst, src []T)
	reduceRun [reduceCount]func(src []T) T
	columns   [reduceCount]func(dst, src []T)

	// Functions of rows of at least rowLanes elements, with Gain in a
	// normalization; nil where the definition has no faster form. They round
	// differently.
	softmax, logSoftmax         func(dst, src []T, cols int)
	softmaxGrad, logSoftmaxGrad func(dx, y, dy []T, cols int)
	softmaxScaled               func(dst, src, scale []T, cols int)
	logSums                     func(top, log, src []T, cols int)
	normRows                    func(n normRows[T], y, x, mean, invStd []T)
	normRowsGrad                func(n normRows[T], dx, dGain, dBias, dy, x, mean, invStd []T)

	// Steps of optimizers: goDecayed and so on.
	decayed            func(param, grad []T, c [4]T)
	momentum, nesterov func(param, grad, buf []T, c [4]T)
	adam               func(param, grad, m, v []T, c [8]T)
	rmsprop            func(param, grad, square, mean, buf []T, c [6]T)
}

// loops32 returns the float32 loops of the variant in use.
func loops32() *loops[float32] { return current.Load().loops32 }

// loopsOf returns the loops of the variant in use.
func loopsOf[T Float]() *loops[T] {
	v := current.Load()
	if l, ok := any(v.loops32).(*loops[T]); ok {
		return l
	}
	return any(v.loops64).(*loops[T])
}

// The definitions.
var (
	goLoops32 = loops[float32]{
		tile:      tile[float32]{rows: 4, cols: 4, blockRows: 128, blockCols: 1024, directCols: 16, run: goTiles[float32], uneven: true},
		unroll:    goUnroll[float32],
		fold:      goFold[float32],
		gather:    goUnroll[float32],
		convTile:  goConvTile[float32],
		depthTile: goDepthTile[float32],
		convDot:   goConvDot[float32],
		padLines:  goPadLines[float32],
		unzip:     goUnzip[float32],
		weave:     goWeave[float32],
		maxTile:   goMaxTile[float32],
		maxPairs:  goMaxPairs[float32],

		channelScale: goChannelScale[float32], channelGrad: goChannelGrad[float32],
		channelSums: goChannelSums[float32], channelSquares: goChannelSquares[float32], channelDots: goChannelDots[float32],

		transpose: goTranspose[float32],
		copyRows:  goCopyRows[float32],
		unary:     mathRows32,
		addScaled: goAddScaled[float32],
		sum:       goSum[float32],
		decayed:   goDecayed[float32],
		momentum:  goMomentum[float32],
		nesterov:  goNesterov[float32],
		adam:      goAdam[float32],
		rmsprop:   goRMSProp[float32],
	}
	goLoops64 = loops[float64]{
		tile:      tile[float64]{rows: 4, cols: 4, blockRows: 64, blockCols: 1024, directCols: 16, run: goTiles[float64], uneven: true},
		unroll:    goUnroll[float64],
		fold:      goFold[float64],
		gather:    goUnroll[float64],
		convTile:  goConvTile[float64],
		depthTile: goDepthTile[float64],
		convDot:   goConvDot[float64],
		padLines:  goPadLines[float64],
		unzip:     goUnzip[float64],
		weave:     goWeave[float64],
		maxTile:   goMaxTile[float64],
		maxPairs:  goMaxPairs[float64],

		channelScale: goChannelScale[float64], channelGrad: goChannelGrad[float64],
		channelSums: goChannelSums[float64], channelSquares: goChannelSquares[float64], channelDots: goChannelDots[float64],

		transpose: goTranspose[float64],
		copyRows:  goCopyRows[float64],
		addScaled: goAddScaled[float64],
		sum:       goSum[float64],
		decayed:   goDecayed[float64],
		momentum:  goMomentum[float64],
		nesterov:  goNesterov[float64],
		adam:      goAdam[float64],
		rmsprop:   goRMSProp[float64],
	}
)
