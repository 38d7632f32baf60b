package main

import "slices"

// spread is the median and the quartiles of ratios.
type spread struct {
	Median float64 `json:"ratio,omitempty"`
	Low    float64 `json:"low,omitempty"`
	High   float64 `json:"high,omitempty"`
}

// ratio is that of two parties' times, round by round. A party that died has
// fewer.
func ratio(a, b []float64) spread {
	n := min(len(a), len(b))
	if n == 0 {
		return spread{}
	}
	ratios := make([]float64, n)
	for i := range ratios {
		ratios[i] = a[i] / b[i]
	}
	slices.Sort(ratios)
	return spread{Median: ratios[n/2], Low: ratios[n/4], High: ratios[n-1-n/4]}
}

func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	x = slices.Clone(x)
	slices.Sort(x)
	return x[len(x)/2]
}
