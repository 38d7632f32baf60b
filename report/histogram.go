package report

import "math"

// Histogram is the distribution of many numbers.
type Histogram struct {
	Name       string    `json:"name"`
	Count      int64     `json:"count"` // of finite numbers
	Invalid    int64     `json:"invalid,omitempty"`
	Min        float64   `json:"min"`
	Max        float64   `json:"max"`
	Sum        float64   `json:"sum"`
	SumSquares float64   `json:"sum_squares"`
	Limits     []float64 `json:"limits"` // the upper end of each bucket, ascending; the last is Max
	Counts     []float64 `json:"counts"` // the numbers in each bucket, from above the end of the one before
}

// buckets is the number of buckets of a histogram, as TensorBoard draws.
const buckets = 30

// NewHistogram counts the values into 30 buckets of equal width from the least to
// the greatest. NaN and infinite values are counted apart, as Invalid.
func NewHistogram[T float32 | float64](name string, values []T) Histogram {
	h := Histogram{Name: name, Min: math.Inf(1), Max: math.Inf(-1)}
	for _, v := range values {
		x := float64(v)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			h.Invalid++
			continue
		}
		h.Count++
		h.Min, h.Max = min(h.Min, x), max(h.Max, x)
		h.Sum += x
		h.SumSquares += x * x
	}
	if h.Count == 0 {
		h.Min, h.Max = 0, 0
		return h
	}
	n, width := buckets, h.Max/buckets-h.Min/buckets
	if width == 0 {
		n = 1
	}
	h.Limits, h.Counts = make([]float64, n), make([]float64, n)
	for i := range h.Limits {
		h.Limits[i] = h.Min + width*float64(i+1)
	}
	h.Limits[n-1] = h.Max
	for _, v := range values {
		x := float64(v)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		i := 0
		if n > 1 {
			// The quotient may be off by one where x is at a limit.
			i = min(int((x/buckets-h.Min/buckets)/width*buckets), n-1)
			for i > 0 && x <= h.Limits[i-1] {
				i--
			}
			for x > h.Limits[i] {
				i++
			}
		}
		h.Counts[i]++
	}
	return h
}
