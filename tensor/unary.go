package tensor

import "math"

// Neg returns -t; unsigned integers wrap.
func Neg(t *Tensor) *Tensor {
	if t.dtype == Bool {
		panic(&ShapeError{"neg", []Shape{t.shape}, "not defined for bool"})
	}
	return keepType("neg", t, func(v float64) float64 { return -v }, func(v int64) int64 { return -v })
}

// Abs returns |t|; the smallest signed integer stays itself.
func Abs(t *Tensor) *Tensor {
	if t.dtype.class() == classUnsigned {
		return t.Clone()
	}
	return keepType("abs", t, math.Abs, func(v int64) int64 { return max(v, -v) })
}

// Sign returns -1, 0 or 1; NaN for NaN.
func Sign(t *Tensor) *Tensor {
	if t.dtype.class() == classUnsigned {
		return Cast(Cast(t, Bool), t.dtype)
	}
	return keepType("sign", t, func(v float64) float64 {
		switch {
		case v > 0:
			return 1
		case v < 0:
			return -1
		case v == 0:
			return 0
		}
		return v
	}, func(v int64) int64 { return int64(b2i(v > 0) - b2i(v < 0)) })
}

// Floor returns ⌊t⌋.
func Floor(t *Tensor) *Tensor { return keepType("floor", t, math.Floor, identity) }

// Ceil returns ⌈t⌉.
func Ceil(t *Tensor) *Tensor { return keepType("ceil", t, math.Ceil, identity) }

// Round returns the nearest integer, halves to the even one.
func Round(t *Tensor) *Tensor { return keepType("round", t, math.RoundToEven, identity) }

// The functions below compute in float64 and round once to the result's type.
// Integers give floats as in NumPy: Float16 from 8 bits, Float32 from 16, else
// Float64.

// Sqrt returns √t.
func Sqrt(t *Tensor) *Tensor { return real("sqrt", t, math.Sqrt) }

// Exp returns eᵗ.
func Exp(t *Tensor) *Tensor { return real("exp", t, math.Exp) }

// Expm1 returns eᵗ - 1, accurate near 0.
func Expm1(t *Tensor) *Tensor { return real("expm1", t, math.Expm1) }

// Log returns the natural logarithm ln t.
func Log(t *Tensor) *Tensor { return real("log", t, math.Log) }

// Log1p returns ln(1 + t), accurate near 0.
func Log1p(t *Tensor) *Tensor { return real("log1p", t, math.Log1p) }

// Reciprocal returns 1/t.
func Reciprocal(t *Tensor) *Tensor {
	return real("reciprocal", t, func(v float64) float64 { return 1 / v })
}

// Sin returns the sine of t in radians.
func Sin(t *Tensor) *Tensor { return real("sin", t, math.Sin) }

// Cos returns the cosine of t in radians.
func Cos(t *Tensor) *Tensor { return real("cos", t, math.Cos) }

// Tan returns the tangent of t in radians.
func Tan(t *Tensor) *Tensor { return real("tan", t, math.Tan) }

// Asin returns the arcsine of t in radians.
func Asin(t *Tensor) *Tensor { return real("asin", t, math.Asin) }

// Acos returns the arccosine of t in radians.
func Acos(t *Tensor) *Tensor { return real("acos", t, math.Acos) }

// Atan returns the arctangent of t in radians.
func Atan(t *Tensor) *Tensor { return real("atan", t, math.Atan) }

// Sinh returns the hyperbolic sine of t.
func Sinh(t *Tensor) *Tensor { return real("sinh", t, math.Sinh) }

// Cosh returns the hyperbolic cosine of t.
func Cosh(t *Tensor) *Tensor { return real("cosh", t, math.Cosh) }

// Tanh returns the hyperbolic tangent of t.
func Tanh(t *Tensor) *Tensor { return real("tanh", t, math.Tanh) }

// Asinh returns the inverse hyperbolic sine of t.
func Asinh(t *Tensor) *Tensor { return real("asinh", t, math.Asinh) }

// Acosh returns the inverse hyperbolic cosine of t.
func Acosh(t *Tensor) *Tensor { return real("acosh", t, math.Acosh) }

// Atanh returns the inverse hyperbolic tangent of t.
func Atanh(t *Tensor) *Tensor { return real("atanh", t, math.Atanh) }

// Erf returns the error function 2/√π ∫₀ᵗ exp(-s²) ds.
func Erf(t *Tensor) *Tensor { return real("erf", t, math.Erf) }

// Sigmoid returns 1/(1 + e⁻ᵗ).
func Sigmoid(t *Tensor) *Tensor {
	return real("sigmoid", t, func(v float64) float64 {
		if v < 0 { // e⁻ᵛ would overflow long before the result underflows
			e := math.Exp(v)
			return e / (1 + e)
		}
		return 1 / (1 + math.Exp(-v))
	})
}

// IsNaN returns a Bool tensor that is true where t is NaN.
func IsNaN(t *Tensor) *Tensor { return NotEqual(t, t) }

// IsInf returns a Bool tensor that is true where t is infinite.
func IsInf(t *Tensor) *Tensor { return Equal(Abs(t), Scalar(float32(math.Inf(1)))) }

// real applies f in the float type for t's elements.
func real(op string, t *Tensor, f func(float64) float64) *Tensor {
	dt := floatFor(t.dtype)
	if dt == Invalid {
		panic(&ShapeError{op, []Shape{t.shape}, "not defined for " + t.dtype.String()})
	}
	if dt == Float32 {
		out := New(Float32, t.shape...)
		apply(out, Cast(t, Float32), func(v float32) float32 { return float32(f(float64(v))) })
		return out
	}
	out := New(Float64, t.shape...)
	apply(out, Cast(t, Float64), f)
	return Cast(out, dt)
}

// keepType applies f to floats and g to integers; the result has t's type.
func keepType(op string, t *Tensor, f func(float64) float64, g func(int64) int64) *Tensor {
	switch t.dtype.class() {
	case classFloat:
		return real(op, t, f)
	case classSigned, classUnsigned, classBool:
		out := New(Int64, t.shape...)
		apply(out, Cast(t, Int64), g)
		return Cast(out, t.dtype)
	}
	panic(&ShapeError{op, []Shape{t.shape}, "not defined for " + t.dtype.String()})
}

// apply sets out[i] = f(t[i]) for tensors of one shape.
func apply[T, R Element](out, t *Tensor, f func(T) R) {
	to, from := storage[R](out), storage[T](t)
	newLoop(out.shape, out, t).rows(func(n int, pos, step []int) {
		o, i := pos[0], pos[1]
		for range n {
			to[o] = f(from[i])
			o += step[0]
			i += step[1]
		}
	})
}

func identity(v int64) int64 { return v }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
