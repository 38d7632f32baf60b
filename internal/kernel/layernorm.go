package kernel

import "github.com/emberml/ember/internal/parallel"

// LayerNorm normalizes rows of Cols elements:
//
//	mean[r] = mean of row r, or 0 if RMS is set
//	invStd[r] = 1/sqrt(mean of (x - mean[r])² + Epsilon)
//	y[r, c] = (x[r, c] - mean[r]) * invStd[r] * Gain[c] + Bias[c]
//
// Gain and Bias have Cols elements or are nil (1 and 0). Variants differ in
// rounding.
//
// Source: Ba, Kiros, Hinton, "Layer normalization", 2016; Zhang, Sennrich,
// "Root mean square layer normalization", 2019.
type LayerNorm[T Float] struct {
	Cols       int
	Epsilon    float64
	RMS        bool // by the root of the mean square alone
	Gain, Bias []T

	zero [1]T // what squares are about
	grad normGrad[T]
}

// normRows is what the loops over rows know of a normalization.
type normRows[T Float] struct {
	cols       int
	epsilon    T
	centered   bool
	gain, bias []T // or nil
}

func (l *LayerNorm[T]) rows() normRows[T] {
	return normRows[T]{cols: l.Cols, epsilon: T(l.Epsilon), centered: !l.RMS, gain: l.Gain, bias: l.Bias}
}

// Forward computes y, and mean and invStd per row, of as many rows as invStd has
// elements. mean is nil if RMS is set. y may be x.
func (l *LayerNorm[T]) Forward(y, x, mean, invStd []T) {
	if l.Cols == 0 {
		return
	}
	if !l.RMS {
		mean = mean[:len(invStd)]
	}
	l.rows().forward(y, x, mean, invStd)
}

// Statistics computes invStd alone, by the mean square.
func (l *LayerNorm[T]) Statistics(invStd, x []T) {
	t := loopsOf[T]()
	clear(invStd)
	for r := range invStd {
		t.channelSquares(invStd[r:], x[r*l.Cols:][:l.Cols], l.Cols, l.zero[:])
		invStd[r] = 1 / sqrt(invStd[r]/T(l.Cols)+T(l.Epsilon))
	}
}

// forward and backward run the loops over len(invStd) rows.
func (n normRows[T]) forward(y, x, mean, invStd []T) {
	f := loopsOf[T]().normRows
	if f == nil || n.cols < rowLanes || n.gain == nil {
		f = goNormRows[T]
	}
	f(n, y, x, mean, invStd)
}

func (n normRows[T]) backward(dx, dGain, dBias, dy, x, mean, invStd []T) {
	f := loopsOf[T]().normRowsGrad
	if f == nil || n.cols < rowLanes {
		f = goNormRowsGrad[T]
	}
	f(n, dx, dGain, dBias, dy, x, mean, invStd)
}

// goNormRows defines loops.normRows, for len(invStd) rows.
func goNormRows[T Float](n normRows[T], y, x, mean, invStd []T) {
	for r := range invStd {
		row, out := x[r*n.cols:][:n.cols], y[r*n.cols:][:n.cols]
		var mu T
		if n.centered {
			mu = sumBlocks(row) / T(n.cols)
			mean[r] = mu
		}
		inv := 1 / sqrt(squares(row, mu)/T(n.cols)+n.epsilon)
		invStd[r] = inv
		for c, v := range row {
			v = (v - mu) * inv
			if n.gain != nil {
				v = T(v * n.gain[c])
			}
			if n.bias != nil {
				v += n.bias[c]
			}
			out[c] = v
		}
	}
}

// normRowsBlock is how many rows add to one partial gradient of Gain and Bias;
// a constant, because it decides the bits.
const normRowsBlock = 64

type normGrad[T Float] struct {
	dx, dy, x, mean, invStd, part []T
}

// ScratchLen returns the number of elements of scratch memory that Backward
// needs for so many rows.
func (l *LayerNorm[T]) ScratchLen(rows int) int {
	return (rows + normRowsBlock - 1) / normRowsBlock * 2 * l.Cols
}

// Backward computes the gradients of the loss by x, Gain and Bias from the one
// by y and what Forward has been given and has computed:
//
//	n[r, c] = (x[r, c] - mean[r]) * invStd[r]; g[r, c] = dy[r, c] * Gain[c]
//	dx[r, c] = invStd[r] * (g - mean of g over c - n * mean of g*n over c)
//	dGain[c] = sum over r of dy*n; dBias[c] = sum over r of dy
//
// With RMS the mean of g is left out, and dBias and mean are nil. Gain is not
// nil, and scratch has at least ScratchLen elements. dx may be dy or x.
func (l *LayerNorm[T]) Backward(pool *parallel.Pool, dx, dGain, dBias, dy, x, mean, invStd, scratch []T) {
	scratch = scratch[:l.ScratchLen(len(invStd))]
	clear(scratch)
	l.grad = normGrad[T]{dx, dy, x, mean, invStd, scratch}
	if len(x) < 1<<14 {
		pool = nil
	}
	pool.For((len(invStd)+normRowsBlock-1)/normRowsBlock, (*normGradTask[T])(l))
	l.grad = normGrad[T]{}
	clear(dGain)
	clear(dBias)
	for ; len(scratch) > 0; scratch = scratch[2*l.Cols:] {
		zip(Add, dGain, dGain, scratch[:l.Cols])
		if dBias != nil {
			zip(Add, dBias, dBias, scratch[l.Cols:2*l.Cols])
		}
	}
}

type normGradTask[T Float] LayerNorm[T]

// Do computes blocks of rows.
func (t *normGradTask[T]) Do(lo, hi, _ int) {
	l := (*LayerNorm[T])(t)
	g, n := &l.grad, l.rows()
	for b := lo; b < hi; b++ {
		from, to := b*normRowsBlock, min((b+1)*normRowsBlock, len(g.invStd))
		part := g.part[b*2*l.Cols:][:2*l.Cols]
		mean := g.mean
		if n.centered {
			mean = mean[from:to]
		}
		i, j := from*l.Cols, to*l.Cols
		n.backward(g.dx[i:j], part[:l.Cols], part[l.Cols:], g.dy[i:j], g.x[i:j], mean, g.invStd[from:to])
	}
}

// goNormRowsGrad defines loops.normRowsGrad, for len(invStd) rows; it adds to
// dGain and dBias.
func goNormRowsGrad[T Float](n normRows[T], dx, dGain, dBias, dy, x, mean, invStd []T) {
	for r, inv := range invStd {
		row, d, out := x[r*n.cols:][:n.cols], dy[r*n.cols:][:n.cols], dx[r*n.cols:][:n.cols]
		var mu, sum, dot T
		if n.centered {
			mu = mean[r]
		}
		for c, v := range row {
			v = (v - mu) * inv
			dGain[c] += T(d[c] * v)
			dBias[c] += d[c]
			g := T(d[c] * n.gain[c])
			sum += g
			dot += T(g * v)
		}
		sum, dot = sum/T(n.cols), dot/T(n.cols)
		if !n.centered {
			sum = 0
		}
		for c, v := range row {
			v = (v - mu) * inv
			out[c] = inv * (T(d[c]*n.gain[c]) - sum - T(v*dot))
		}
	}
}

// squares is the sum of (x - center)² in blocks of reduceBlock and four
// interleaved lanes.
func squares[T Float](x []T, center T) T {
	var sum T
	for len(x) > 0 {
		n := min(reduceBlock, len(x))
		block := x[:n]
		x = x[n:]
		var s0, s1, s2, s3 T
		for len(block) >= 4 {
			v := block[:4]
			a, b, c, d := v[0]-center, v[1]-center, v[2]-center, v[3]-center
			s0 += T(a * a)
			s1 += T(b * b)
			s2 += T(c * c)
			s3 += T(d * d)
			block = block[4:]
		}
		for _, v := range block {
			v -= center
			s0 += T(v * v)
		}
		sum += (s0 + s2) + (s1 + s3)
	}
	return sum
}
