//go:build amd64 && !purego

package kernel

import (
	"math"
	"unsafe"
)

// setMath sets the loops of functions, arithmetic, reductions and rows.
func setMath(l *loops[float32]) {
	for op, f := range map[UnaryOp]func(dst, src *float32, n int){
		Neg: negAVX2, Abs: absAVX2, Square: squareAVX2, Sqrt: sqrtAVX2, Reciprocal: reciprocalAVX2,
		Relu: reluAVX2, Softsign: softsignAVX2, Floor: floorAVX2, Ceil: ceilAVX2, Round: roundAVX2,
		Exp: expAVX2, Log: logAVX2, Sigmoid: sigmoidAVX2, Silu: siluAVX2, Tanh: tanhAVX2, Softplus: softplusAVX2,
		Erf: erfAVX2, Gelu: geluAVX2, GeluTanh: geluTanhAVX2,
	} {
		l.unary[op] = func(dst, src []float32, _, _ float32) {
			if n := len(dst); n > 0 {
				f(&dst[0], &src[:n][0], n)
			}
		}
	}
	for op, f := range map[UnaryOp]func(dst, src *float32, alpha float32, n int){LeakyRelu: leakyReluAVX2, Elu: eluAVX2} {
		l.unary[op] = func(dst, src []float32, alpha, _ float32) {
			if n := len(dst); n > 0 {
				f(&dst[0], &src[:n][0], alpha, n)
			}
		}
	}
	for op, f := range map[UnaryOp]func(dst, src *float32, alpha, beta float32, n int){Clip: clipAVX2, HardSigmoid: hardSigmoidAVX2} {
		l.unary[op] = func(dst, src []float32, alpha, beta float32) {
			if n := len(dst); n > 0 {
				f(&dst[0], &src[:n][0], alpha, beta, n)
			}
		}
	}
	l.zip = [binaryCount]func(dst, a, b []float32){
		Add: zipLoop(addAVX2), Sub: zipLoop(subAVX2), Mul: zipLoop(mulAVX2), Div: zipLoop(divAVX2),
		Max: zipLoop(maxAVX2), Min: zipLoop(minAVX2),
	}
	l.zipRight = [binaryCount]func(dst, a []float32, y float32){
		Add: valueLoop(addValueAVX2), Sub: valueLoop(subValueAVX2), Mul: valueLoop(mulValueAVX2),
		Div: valueLoop(divValueAVX2), Max: valueLoop(maxValueAVX2), Min: valueLoop(minValueAVX2),
	}
	l.zipLeft = [binaryCount]func(dst, a []float32, y float32){Sub: valueLoop(subFromAVX2), Div: valueLoop(divFromAVX2)}

	l.sum, l.sumBlocks = runSum, runSumBlocks
	l.reduceRun = [reduceCount]func(src []float32) float32{
		ReduceMax: extremumLoop(maxRunAVX2, maxRun[float32]), ReduceMin: extremumLoop(minRunAVX2, minRun[float32]),
	}
	l.columns = [reduceCount]func(dst, src []float32){
		ReduceSum: columnsLoop(columnsSumAVX2), ReduceMax: columnsLoop(columnsMaxAVX2), ReduceMin: columnsLoop(columnsMinAVX2),
	}
	l.softmax = rowsLoop(softmaxAVX2)
	l.logSoftmax = rowsLoop(logSoftmaxAVX2)
	l.softmaxGrad = rowsGradLoop(softmaxGradAVX2)
	l.logSoftmaxGrad = rowsGradLoop(logSoftmaxGradAVX2)
	l.stream, l.uniform = runStream, runUniform
	l.softmaxScaled, l.logSums = runSoftmaxScaled, runLogSums
	l.normRows, l.normRowsGrad = runNormRows, runNormRowsGrad
	l.toBFloat16 = halfLoop(toBFloat16AVX2)
	l.fromBFloat16, l.addBFloat16 = halfLoop(fromBFloat16AVX2), halfLoop(addBFloat16AVX2)
	if hasF16C() {
		l.toFloat16 = halfLoop(toFloat16AVX2)
		l.fromFloat16, l.addFloat16 = halfLoop(fromFloat16AVX2), halfLoop(addFloat16AVX2)
	}
}

// halfLoop returns a conversion of at least one whole eight.
func halfLoop[D, S any](f func(dst *D, src *S, n int)) func(dst []D, src []S) {
	return func(dst []D, src []S) { f(&dst[0], &src[0], len(dst)) }
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

func runSum(src []float32) float32 {
	if len(src) == 0 {
		return 0
	}
	return sumAVX2(&src[0], len(src))
}

func runSumBlocks(dst, src []float32) {
	if n := len(dst); n > 0 {
		sumBlocksAVX2(&dst[0], &src[:n*reduceBlock][0], n)
	}
}

// extremumLoop returns loops.run; short runs are left to the definition.
func extremumLoop(f func(src *float32, n int) float32, short func(src []float32) float32) func(src []float32) float32 {
	return func(src []float32) float32 {
		if len(src) < 8 {
			return short(src)
		}
		return f(&src[0], len(src))
	}
}

func columnsLoop(f func(dst, src *float32, rows, n int)) func(dst, src []float32) {
	return func(dst, src []float32) {
		n := len(dst)
		rows := len(src) / n
		f(&dst[0], &src[:rows*n][0], rows, n)
	}
}

func rowsLoop(f func(dst, src *float32, rows, cols int)) func(dst, src []float32, cols int) {
	return func(dst, src []float32, cols int) {
		if rows := len(src) / cols; rows > 0 {
			f(&dst[:rows*cols][0], &src[0], rows, cols)
		}
	}
}

func rowsGradLoop(f func(dx, y, dy *float32, rows, cols int)) func(dx, y, dy []float32, cols int) {
	return func(dx, y, dy []float32, cols int) {
		if rows := len(y) / cols; rows > 0 {
			f(&dx[:rows*cols][0], &y[0], &dy[:rows*cols][0], rows, cols)
		}
	}
}

// runStream leaves to copy what stands about whole lines of dst.
func runStream(dst, src []float32) {
	const line = 32
	src = src[:len(dst)]
	head := min(-int(uintptr(unsafe.Pointer(unsafe.SliceData(dst)))/4)&7, len(dst))
	n := (len(dst) - head) &^ (line - 1)
	copy(dst[:head], src)
	copy(dst[head+n:], src[head+n:])
	if n > 0 {
		streamAVX2(&dst[head], &src[head], n)
	}
}

// runUniform computes whole groups of eight blocks, unless their counter would
// overflow its lowest word.
func runUniform(dst []float32, s Stream, block uint64) int {
	const group = 32
	n := len(dst) / group
	if n == 0 || uint64(uint32(block))+uint64(len(dst)) > math.MaxUint32 {
		return 0
	}
	ctr := [4]uint32{uint32(block), uint32(block >> 32), uint32(s.Sub), uint32(s.Sub >> 32)}
	uniformAVX2(&dst[0], &s.Key, &ctr, n)
	return n * group
}

func runSoftmaxScaled(dst, src, scale []float32, cols int) {
	if rows := len(src) / cols; rows > 0 {
		softmaxScaledAVX2(&dst[:rows*cols][0], &src[0], &scale[:rows][0], rows, cols)
	}
}

func runLogSums(top, log, src []float32, cols int) {
	if rows := len(src) / cols; rows > 0 {
		logSumsAVX2(&top[:rows][0], &log[:rows][0], &src[0], rows, cols)
	}
}

func runNormRows(n normRows[float32], y, x, mean, invStd []float32) {
	rows := len(invStd)
	if rows == 0 {
		return
	}
	to, from, inv, gain := &y[:rows*n.cols][0], &x[:rows*n.cols][0], &invStd[0], &n.gain[:n.cols][0]
	switch {
	case !n.centered:
		rmsNormAVX2(to, from, inv, gain, n.epsilon, rows, n.cols)
	case n.bias != nil:
		layerNormBiasAVX2(to, from, &mean[:rows][0], inv, gain, &n.bias[:n.cols][0], n.epsilon, rows, n.cols)
	default:
		layerNormAVX2(to, from, &mean[:rows][0], inv, gain, n.epsilon, rows, n.cols)
	}
}

func runNormRowsGrad(n normRows[float32], dx, dGain, dBias, dy, x, mean, invStd []float32) {
	rows := len(invStd)
	if rows == 0 {
		return
	}
	to, d, from := &dx[:rows*n.cols][0], &dy[:rows*n.cols][0], &x[:rows*n.cols][0]
	inv, gain, toGain := &invStd[0], &n.gain[:n.cols][0], &dGain[:n.cols][0]
	if n.centered {
		layerNormGradAVX2(to, toGain, &dBias[:n.cols][0], d, from, &mean[:rows][0], inv, gain, rows, n.cols)
	} else {
		rmsNormGradAVX2(to, toGain, d, from, inv, gain, rows, n.cols)
	}
}
