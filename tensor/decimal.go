package tensor

import (
	"math"
	"strconv"
	"strings"
)

// decimal is a number as text, cut at the point and the exponent.
type decimal struct {
	whole string // with the sign
	frac  string
	exp   string // with the sign, at least two digits; empty without an exponent
}

// shortest returns the form d.ddde±dd of a finite v with the fewest digits that
// still identify it among the values of dt.
func shortest(v float64, dt DType) string {
	switch dt {
	case Float64:
		return strconv.FormatFloat(v, 'e', -1, 64)
	case Float32:
		return strconv.FormatFloat(v, 'e', -1, 32)
	}
	for digits := 0; ; digits++ {
		s := strconv.FormatFloat(v, 'e', digits, 64)
		if roundTo(dt, parsed(s)) == v {
			return s
		}
	}
}

// scientific returns v with one digit before the point and the fewest digits
// that identify it after, but at most precision.
func scientific(v float64, dt DType, precision int) decimal {
	d := cutDecimal(shortest(v, dt))
	if len(d.frac) > precision {
		d = cutDecimal(strconv.FormatFloat(v, 'e', precision, 64))
		d.frac = strings.TrimRight(d.frac, "0")
	}
	return d
}

// positional returns v without an exponent, with the fewest digits that identify
// it after the point, but at most precision.
func positional(v float64, dt DType, precision int) decimal {
	s := shortest(v, dt)
	d := cutDecimal(s)
	exp, _ := strconv.Atoi(d.exp)
	if digits := max(len(d.frac)-exp, 0); digits <= precision {
		return cutDecimal(strconv.FormatFloat(parsed(s), 'f', digits, 64))
	}
	d = cutDecimal(strconv.FormatFloat(v, 'f', precision, 64))
	d.frac = strings.TrimRight(d.frac, "0")
	return d
}

// formatFloat writes v as NumPy writes a scalar of type dt: the fewest digits
// that identify it, with an exponent below 1e-4 and from 1e16 on (1e6 for float32,
// 1e3 for float16, whose digits before the point would not all be known).
func formatFloat(v float64, dt DType) string {
	if s := nonFinite(v); s != "" {
		return s
	}
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= exponentFrom(dt)) {
		return shortest(v, dt)
	}
	d := positional(v, dt, math.MaxInt)
	if d.frac == "" {
		d.frac = "0"
	}
	return d.whole + "." + d.frac
}

// exponentFrom returns from where on numbers of type dt have an exponent.
func exponentFrom(dt DType) float64 {
	switch dt {
	case Float64:
		return 1e16
	case Float16:
		return 1e3
	}
	return 1e6
}

// nonFinite returns NumPy's word for NaN and the infinities, "" for numbers.
func nonFinite(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	return ""
}

// roundTo returns the value of the float type dt that is nearest to v.
func roundTo(dt DType, v float64) float64 {
	switch dt {
	case Float16:
		return f16Of(v).float64()
	case BFloat16:
		return bf16Of(v).float64()
	case Float32:
		return float64(float32(v))
	}
	return v
}

func cutDecimal(s string) decimal {
	var d decimal
	s, d.exp, _ = strings.Cut(s, "e")
	d.whole, d.frac, _ = strings.Cut(s, ".")
	return d
}

// parsed returns the value of a number that this file formatted.
func parsed(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(v, 0) { // the last digit may round beyond the largest number
		panic(err)
	}
	return v
}
