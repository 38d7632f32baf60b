package nn

import "math"

// orthonormalize makes the rows of a matrix orthonormal, its columns where there
// are more rows than columns, by Gram and Schmidt's method in its stable order.
func orthonormalize(x []float64, rows, cols int) {
	count, length, step, next := rows, cols, cols, 1
	if rows > cols {
		count, length, step, next = cols, rows, 1, cols
	}
	for i := range count {
		own := x[i*step:]
		squares := 0.0
		for k := range length {
			squares += own[k*next] * own[k*next]
		}
		scale := 1 / math.Sqrt(squares)
		for k := range length {
			own[k*next] *= scale
		}
		for j := i + 1; j < count; j++ {
			other := x[j*step:]
			dot := 0.0
			for k := range length {
				dot += own[k*next] * other[k*next]
			}
			for k := range length {
				other[k*next] -= dot * own[k*next]
			}
		}
	}
}
