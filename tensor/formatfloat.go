package tensor

import (
	"math"
	"strconv"
	"strings"
)

// shortest returns the decimal form d.ddde±dd of a finite v with the fewest
// digits that still identify it among the values of dt.
func shortest(v float64, dt DType) string {
	switch dt {
	case Float64:
		return strconv.FormatFloat(v, 'e', -1, 64)
	case Float32:
		return strconv.FormatFloat(v, 'e', -1, 32)
	}
	same := func(s string) bool {
		p, err := strconv.ParseFloat(s, 64)
		return err == nil && (dt == Float16 && f16Of(p) == f16Of(v) || dt == BFloat16 && bf16Of(p) == bf16Of(v))
	}
	for digits := 0; ; digits++ {
		if s := strconv.FormatFloat(v, 'e', digits, 64); same(s) {
			return s
		}
	}
}

// formatFloat writes v as NumPy writes a scalar of type dt: the shortest digits
// that identify it, with a point, and an exponent below 1e-4 and from 1e16 on.
func formatFloat(v float64, dt DType) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	s := shortest(v, dt)
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e16) {
		return s
	}
	digits, exp, _ := strings.Cut(s, "e")
	e, _ := strconv.Atoi(exp)
	_, frac, _ := strings.Cut(digits, ".")
	return strconv.FormatFloat(parsed(s), 'f', max(len(frac)-e, 1), 64)
}

// parsed returns the value of a number that this package formatted.
func parsed(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err)
	}
	return v
}
