package tensor

import (
	"bytes"
	"slices"
)

// AllClose reports whether a and b have the same shape and everywhere
// |a - b| ≤ atol + rtol·|b|; infinities must be equal and NaN matches NaN.
// Strings must be equal, and so must integers if both tolerances are 0.
func AllClose(a, b *Tensor, rtol, atol float64) bool {
	if !a.shape.Equal(b.shape) {
		return false
	}
	if a.dtype == String || b.dtype == String {
		return a.dtype == b.dtype && Same(a, b)
	}
	if exact := rtol == 0 && atol == 0; exact && !a.dtype.IsFloat() && !b.dtype.IsFloat() {
		return Data[bool](All(Equal(a, b), nil, false))[0]
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
