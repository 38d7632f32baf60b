package tensor

import (
	"bytes"
	"slices"
)

// AllClose reports whether a and b have the same shape and everywhere
// |a - b| ≤ atol + rtol·|b|; infinities must be equal and NaN matches NaN.
// Strings and Bools must be equal.
func AllClose(a, b *Tensor, rtol, atol float64) bool {
	if !a.shape.Equal(b.shape) {
		return false
	}
	if a.dtype == String || b.dtype == String {
		return a.dtype == b.dtype && Same(a, b)
	}
	x, y := Cast(a, Float64), Cast(b, Float64)
	diff := Abs(Sub(x, y))
	bound := Add(Scalar(atol), Mul(Scalar(rtol), Abs(y)))
	near := And(LessEqual(diff, bound), Not(IsInf(y)))
	ok := Or(Or(near, Equal(x, y)), And(IsNaN(x), IsNaN(y)))
	return Data[bool](All(ok, nil, false))[0]
}

// Same reports whether a and b have the same type and shape and, bit for bit, the
// same elements.
func Same(a, b *Tensor) bool {
	if a.dtype != b.dtype || !a.shape.Equal(b.shape) {
		return false
	}
	a, b = a.Contiguous(), b.Contiguous()
	if a.dtype == String {
		return slices.Equal(Data[string](a), Data[string](b))
	}
	return bytes.Equal(a.Bytes(), b.Bytes())
}
