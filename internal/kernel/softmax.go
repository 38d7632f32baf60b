package kernel

import "math"

// Softmax computes the softmax of each row of cols elements:
//
//	dst[r, c] = e^(src[r, c] - max of row r) / sum over c of the same
//
// A row that holds NaN or +Inf becomes NaN. dst may be src.
func Softmax[T Float](dst, src []T, cols int) {
	for len(src) > 0 && cols > 0 {
		row, out := src[:cols], dst[:cols]
		top := reduceRun(ReduceMax, row)
		for i, x := range row {
			out[i] = x - top
		}
		Apply(Unary{Op: Exp}, out, out)
		scale := 1 / sumBlocks(out)
		for i := range out {
			out[i] *= scale
		}
		dst, src = dst[cols:], src[cols:]
	}
}

// LogSoftmax computes the logarithm of [Softmax] of each row of cols elements:
//
//	dst[r, c] = src[r, c] - max - log(sum over c of e^(src[r, c] - max))
//
// dst may be src.
func LogSoftmax[T Float](dst, src []T, cols int) {
	var block [256]T
	for len(src) > 0 && cols > 0 {
		row, out := src[:cols], dst[:cols]
		top := reduceRun(ReduceMax, row)
		var sum T
		for i := 0; i < cols; i += len(block) {
			e := block[:min(len(block), cols-i)]
			for j := range e {
				e[j] = row[i+j] - top
			}
			Apply(Unary{Op: Exp}, e, e)
			sum += sumRun(e)
		}
		log := T(math.Log(float64(sum)))
		for i, x := range row {
			out[i] = x - top - log
		}
		dst, src = dst[cols:], src[cols:]
	}
}

// SoftmaxGrad computes the gradient of [Softmax] from its result y and the
// gradient dy of that, for rows of cols elements:
//
//	dst[r, c] = y[r, c] * (dy[r, c] - sum over c of y*dy)
//
// dst may be y or dy.
func SoftmaxGrad[T Float](dst, y, dy []T, cols int) {
	for len(y) > 0 && cols > 0 {
		dot := dotBlocks(y[:cols], dy[:cols])
		for i, v := range y[:cols] {
			dst[i] = v * (dy[i] - dot)
		}
		dst, y, dy = dst[cols:], y[cols:], dy[cols:]
	}
}

// LogSoftmaxGrad computes the gradient of [LogSoftmax] from its result y and
// the gradient dy of that, for rows of cols elements:
//
//	dst[r, c] = dy[r, c] - e^y[r, c] * sum over c of dy
//
// dst may be y or dy.
func LogSoftmaxGrad[T Float](dst, y, dy []T, cols int) {
	var block [256]T
	for len(y) > 0 && cols > 0 {
		sum := sumBlocks(dy[:cols])
		for i := 0; i < cols; i += len(block) {
			e := block[:min(len(block), cols-i)]
			Apply(Unary{Op: Exp}, e, y[i:])
			for j, v := range e {
				dst[i+j] = dy[i+j] - T(v*sum)
			}
		}
		dst, y, dy = dst[cols:], y[cols:], dy[cols:]
	}
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
