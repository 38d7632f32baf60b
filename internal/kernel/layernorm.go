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

// Forward computes y, and mean and invStd per row, of as many rows as x holds.
// mean and invStd may both be nil. y may be x.
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
				v = T(v * l.Gain[c])
			}
			if l.Bias != nil {
				v += l.Bias[c]
			}
			out[c] = v
		}
		x, y = x[l.Cols:], y[l.Cols:]
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
