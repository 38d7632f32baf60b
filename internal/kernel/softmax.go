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
		zipRight(Sub, out, row, top)
		Apply(Unary{Op: Exp}, out, out)
		zipRight(Mul, out, out, 1/sumBlocks(out))
		dst, src = dst[cols:], src[cols:]
	}
}

// LogSoftmax computes the logarithm of [Softmax] of each row of cols elements:
//
//	dst[r, c] = src[r, c] - max - log(sum over c of e^(src[r, c] - max))
//
// dst may be src.
func LogSoftmax[T Float](dst, src []T, cols int) {
	sumExp := loopsOf[T]().sumExp
	for len(src) > 0 && cols > 0 {
		row, out := src[:cols], dst[:cols]
		top := reduceRun(ReduceMax, row)
		var sum T
		for i := 0; i < cols; i += reduceBlock {
			sum += sumExp(row[i:min(i+reduceBlock, cols)], top)
		}
		zipRight(Sub, out, row, top)
		zipRight(Sub, out, out, T(math.Log(float64(sum))))
		dst, src = dst[cols:], src[cols:]
	}
}

// goSumExp32 and goSumExp64 define loops.sumExp.
func goSumExp32(src []float32, shift float32) float32 {
	var acc [lanes]float32
	for i, x := range src {
		acc[i%lanes] += exp32(x - shift)
	}
	return sumLanes(&acc)
}

func goSumExp64(src []float64, shift float64) float64 {
	var acc [lanes]float64
	for i, x := range src {
		acc[i%lanes] += math.Exp(x - shift)
	}
	return sumLanes(&acc)
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
