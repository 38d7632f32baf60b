package kernel

import "math"

// Softmax computes the softmax of each row of cols elements:
//
//	dst[r, c] = e^(src[r, c] - max of row r) / sum over c of the same
//
// A row that holds NaN or +Inf becomes NaN. Variants differ in rounding, and
// what is less than 2^-126 of the greatest may be 0. dst may be src.
func Softmax[T Float](dst, src []T, cols int) {
	if f := loopsOf[T]().softmax; f != nil && cols >= rowLanes {
		f(dst, src, cols)
	} else if cols > 0 {
		goSoftmax(dst, src, cols)
	}
}

// LogSoftmax computes the logarithm of [Softmax] of each row of cols elements:
//
//	dst[r, c] = src[r, c] - max - log(sum over c of e^(src[r, c] - max))
//
// dst may be src.
func LogSoftmax[T Float](dst, src []T, cols int) {
	if f := loopsOf[T]().logSoftmax; f != nil && cols >= rowLanes {
		f(dst, src, cols)
	} else if cols > 0 {
		goLogSoftmax(dst, src, cols)
	}
}

// SoftmaxGrad computes the gradient of [Softmax] from its result y:
//
//	dx[r, c] = y[r, c] * (dy[r, c] - sum over c of y[r, c]*dy[r, c])
//
// dx may be y or dy.
func SoftmaxGrad[T Float](dx, y, dy []T, cols int) {
	if f := loopsOf[T]().softmaxGrad; f != nil && cols >= rowLanes {
		f(dx, y, dy, cols)
	} else if cols > 0 {
		goSoftmaxGrad(dx, y, dy, cols)
	}
}

// LogSoftmaxGrad computes the gradient of [LogSoftmax] from its result y:
//
//	dx[r, c] = dy[r, c] - e^y[r, c] * sum over c of dy[r, c]
//
// dx may be y or dy.
func LogSoftmaxGrad[T Float](dx, y, dy []T, cols int) {
	if f := loopsOf[T]().logSoftmaxGrad; f != nil && cols >= rowLanes {
		f(dx, y, dy, cols)
	} else if cols > 0 {
		goLogSoftmaxGrad(dx, y, dy, cols)
	}
}

// rowLanes is the least length of the rows that assembly takes.
const rowLanes = 8

func goSoftmax[T Float](dst, src []T, cols int) {
	for len(src) >= cols {
		row, out := src[:cols], dst[:cols]
		zipRight(Sub, out, row, reduceRun(ReduceMax, row))
		Apply(Unary{Op: Exp}, out, out)
		zipRight(Mul, out, out, 1/sumBlocks(out))
		dst, src = dst[cols:], src[cols:]
	}
}

func goLogSoftmax[T Float](dst, src []T, cols int) {
	for len(src) >= cols {
		row, out := src[:cols], dst[:cols]
		top, log := logSum(row)
		for c, x := range row {
			out[c] = x - top - log
		}
		dst, src = dst[cols:], src[cols:]
	}
}

// logSum is the greatest of a row, and log(sum of e^(x - greatest)).
func logSum[T Float](row []T) (top, log T) {
	top = reduceRun(ReduceMax, row)
	var sum T
	for _, x := range row {
		sum += expOf(x - top)
	}
	return top, T(math.Log(float64(sum)))
}

func goSoftmaxGrad[T Float](dx, y, dy []T, cols int) {
	for len(y) >= cols {
		dot := dotBlocks(y[:cols], dy[:cols])
		for c, v := range y[:cols] {
			dx[c] = v * (dy[c] - dot)
		}
		dx, y, dy = dx[cols:], y[cols:], dy[cols:]
	}
}

func goLogSoftmaxGrad[T Float](dx, y, dy []T, cols int) {
	for len(y) >= cols {
		sum := sumBlocks(dy[:cols])
		for c, v := range y[:cols] {
			dx[c] = dy[c] - T(expOf(v)*sum)
		}
		dx, y, dy = dx[cols:], y[cols:], dy[cols:]
	}
}

// expOf is e^x in the precision of its type.
func expOf[T Float](x T) T {
	if x, ok := any(x).(float32); ok {
		return T(exp32(x))
	}
	return T(math.Exp(float64(x)))
}

// sumBlocks is the sum of a run of any length, in blocks of reduceBlock.
func sumBlocks[T Number](src []T) T {
	var sum T
	for len(src) > reduceBlock {
		sum += sumRun(src[:reduceBlock])
		src = src[reduceBlock:]
	}
	return sum + sumRun(src)
}

// dotBlocks is the sum of a[i]*b[i], in blocks of reduceBlock and four
// interleaved lanes.
func dotBlocks[T Float](a, b []T) T {
	var sum T
	for len(a) > 0 {
		n := min(reduceBlock, len(a))
		var s0, s1, s2, s3 T
		x, y := a[:n], b[:n]
		for len(x) >= 4 && len(y) >= 4 {
			s0 += T(x[0] * y[0])
			s1 += T(x[1] * y[1])
			s2 += T(x[2] * y[2])
			s3 += T(x[3] * y[3])
			x, y = x[4:], y[4:]
		}
		for i, v := range x {
			s0 += T(v * y[i])
		}
		sum += (s0 + s2) + (s1 + s3)
		a, b = a[n:], b[n:]
	}
	return sum
}
