package kernel

// LayerNorm normalizes rows of Cols elements:
//
//	mean[r] = mean of row r
//	invStd[r] = 1/sqrt(mean of (x - mean[r])² + Epsilon)
//	y[r, c] = (x[r, c] - mean[r]) * invStd[r] * Gain[c] + Bias[c]
//
// Gain and Bias have Cols elements or are nil (1 and 0).
//
// Source: Ba, Kiros, Hinton, "Layer normalization", 2016.
type LayerNorm[T Float] struct {
	Cols       int
	Epsilon    float64
	Gain, Bias []T
}

// Forward computes y, and per row mean and invStd for Backward, of as many
// rows as x holds. mean and invStd may both be nil. y may be x.
func (l *LayerNorm[T]) Forward(y, x, mean, invStd []T) {
	for r := 0; len(x) > 0; r++ {
		row, out := x[:l.Cols], y[:l.Cols]
		mu := sumBlocks(row) / T(l.Cols)
		inv := 1 / sqrt(squares(row, mu)/T(l.Cols)+T(l.Epsilon))
		if mean != nil {
			mean[r], invStd[r] = mu, inv
		}
		for c, v := range row {
			v = (v - mu) * inv
			if l.Gain != nil {
				v *= l.Gain[c]
			}
			if l.Bias != nil {
				v += l.Bias[c]
			}
			out[c] = v
		}
		x, y = x[l.Cols:], y[l.Cols:]
	}
}

// Backward computes the gradient of x from dy, the gradient of y:
//
//	h = (x - mean) * invStd,  g = dy * Gain
//	dx = invStd * (g - mean of g - h * mean of g*h)       (means over a row)
//
// and adds the rows' contributions to dGain (dy*h) and dBias (dy), in order of
// the rows, unless they are nil. dx may be dy.
func (l *LayerNorm[T]) Backward(dx, dGain, dBias, dy, x, mean, invStd []T) {
	scale := 1 / T(l.Cols)
	for r := 0; len(x) > 0; r++ {
		row, g, out := x[:l.Cols], dy[:l.Cols], dx[:l.Cols]
		mu, inv := mean[r], invStd[r]
		var sum, dot T
		for c, v := range row {
			h := (v - mu) * inv
			d := g[c]
			if dGain != nil {
				dGain[c] += T(d * h)
			}
			if dBias != nil {
				dBias[c] += d
			}
			if l.Gain != nil {
				d *= l.Gain[c]
			}
			sum += d
			dot += T(d * h)
		}
		sum *= scale
		dot *= scale
		for c, v := range row {
			h := (v - mu) * inv
			d := g[c]
			if l.Gain != nil {
				d *= l.Gain[c]
			}
			out[c] = inv * (d - sum - T(h*dot))
		}
		x, dy, dx = x[l.Cols:], dy[l.Cols:], dx[l.Cols:]
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
