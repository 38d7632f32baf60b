package kernel

// Epilogue is what a matrix product or a convolution does to its result while
// a block of it is still in cache:
//
//	Y[i, j] = Activation(X[i, j] + Bias[j] + RowBias[i] + Residual[i*RSR + j])
//
// where X is the product and each part may be missing; the sums are taken in
// that order. The zero value leaves the product as it is.
//
// Each part has the bits of its elementwise kernel, so a product with an
// epilogue has the bits of the product followed by [Zip] and [Apply]. Bias,
// RowBias and Residual do not overlap the result.
type Epilogue[T Float] struct {
	Bias       []T // one element for each column, or nil
	RowBias    []T // one element for each row, or nil
	Residual   []T // a matrix of the result's size, or nil
	RSR        int // distance of rows in Residual; 0 repeats the first
	Activation *Unary
}

// epilogueElements is the number of elements that are finished at a time: they
// take half of the first cache.
const epilogueElements = 4096

// empty reports whether there is nothing to do.
func (e *Epilogue[T]) empty() bool {
	return e.Bias == nil && e.RowBias == nil && e.Residual == nil && e.Activation == nil
}

// check panics unless the operands cover an m×n result.
func (e *Epilogue[T]) check(m, n int) {
	if e.Bias != nil {
		_ = e.Bias[n-1]
	}
	if e.RowBias != nil {
		_ = e.RowBias[m-1]
	}
	if e.Residual != nil {
		_ = e.Residual[(m-1)*e.RSR+n-1]
	}
}

// cols returns how many columns of a block of m rows to finish at a time:
// whole tiles of the given width, and at least 64 columns since each row is a
// call.
func (e *Epilogue[T]) cols(m, n, width int) int {
	if e.empty() {
		return n
	}
	return padTo(max(64, epilogueElements/m), width)
}

// finish applies e to rows [i0, i0+m) and columns [j0, j0+n) of the result,
// the first of which is c[0].
func (e *Epilogue[T]) finish(c []T, ldc, i0, m, j0, n int) {
	if e.empty() {
		return
	}
	if e.Activation != nil && e.Bias == nil && e.RowBias == nil && e.Residual == nil && n == ldc {
		Apply(*e.Activation, c[:m*n], c[:m*n])
		return
	}
	for i := range m {
		row := c[i*ldc:][:n]
		if e.Bias != nil {
			zip(Add, row, row, e.Bias[j0:][:n])
		}
		if e.RowBias != nil {
			zipRight(Add, row, row, e.RowBias[i0+i])
		}
		if e.Residual != nil {
			zip(Add, row, row, e.Residual[(i0+i)*e.RSR+j0:][:n])
		}
		if e.Activation != nil {
			Apply(*e.Activation, row, row)
		}
	}
}
