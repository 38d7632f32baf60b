package kernel

import "math"

// BinaryOp is a function of two values.
type BinaryOp uint8

// The binary functions. NaN wins in Max and Min.
const (
	Add BinaryOp = iota
	Sub
	Mul
	Div // integers truncate; an integer divisor is not 0
	Pow // floating point as math.Pow; cubes of a row are rounded twice
	Max
	Min
	binaryCount
)

// Zip computes, for i < len(dst),
//
//	dst[i] = op(a[i*stepA], b[i*stepB])
//
// where a step is 1, or 0 for an operand that is one value. dst may be a or b
// where that one's step is 1.
func Zip[T Number](op BinaryOp, dst, a []T, stepA int, b []T, stepB int) {
	n := len(dst)
	if n == 0 {
		return
	}
	switch {
	case stepA == 0 && stepB == 0:
		zip(op, dst[:1], a[:1], b[:1])
		v := dst[0]
		for i := range dst {
			dst[i] = v
		}
	case stepA == 0:
		zipLeft(op, dst, a[0], b[:n])
	case stepB == 0:
		zipRight(op, dst, a[:n], b[0])
	default:
		zip(op, dst, a[:n], b[:n])
	}
}

// zip is Zip of two rows.
func zip[T Number](op BinaryOp, dst, a, b []T) {
	dst, b = dst[:len(a)], b[:len(a)]
	if row := loops32().zip[op]; row != nil {
		if dst, ok := any(dst).([]float32); ok {
			row(dst, any(a).([]float32), any(b).([]float32))
			return
		}
	}
	switch op {
	case Add:
		for i, x := range a {
			dst[i] = x + b[i]
		}
	case Sub:
		for i, x := range a {
			dst[i] = x - b[i]
		}
	case Mul:
		for i, x := range a {
			dst[i] = x * b[i]
		}
	case Div:
		for i, x := range a {
			dst[i] = x / b[i]
		}
	case Pow:
		for i, x := range a {
			dst[i] = pow(x, b[i])
		}
	case Max:
		for i, x := range a {
			dst[i] = max(x, b[i])
		}
	case Min:
		for i, x := range a {
			dst[i] = min(x, b[i])
		}
	}
}

// zipRight is Zip of a row and a value.
func zipRight[T Number](op BinaryOp, dst, a []T, y T) {
	dst = dst[:len(a)]
	if row := loops32().zipRight[op]; row != nil {
		if dst, ok := any(dst).([]float32); ok {
			row(dst, any(a).([]float32), any(y).(float32))
			return
		}
	}
	switch op {
	case Add:
		for i, x := range a {
			dst[i] = x + y
		}
	case Sub:
		for i, x := range a {
			dst[i] = x - y
		}
	case Mul:
		for i, x := range a {
			dst[i] = x * y
		}
	case Div:
		for i, x := range a {
			dst[i] = x / y
		}
	case Pow:
		powRow(dst, a, y)
	case Max:
		for i, x := range a {
			dst[i] = max(x, y)
		}
	case Min:
		for i, x := range a {
			dst[i] = min(x, y)
		}
	}
}

// zipLeft is Zip of a value and a row.
func zipLeft[T Number](op BinaryOp, dst []T, x T, b []T) {
	dst = dst[:len(b)]
	if row := loops32().zipLeft[op]; row != nil {
		if dst, ok := any(dst).([]float32); ok {
			row(dst, any(b).([]float32), any(x).(float32))
			return
		}
	}
	switch op {
	case Sub:
		for i, y := range b {
			dst[i] = x - y
		}
	case Div:
		for i, y := range b {
			dst[i] = x / y
		}
	case Pow:
		for i, y := range b {
			dst[i] = pow(x, y)
		}
	default: // commutative
		zipRight(op, dst, b, x)
	}
}

// pow is x^y. Of integers it wraps, and a negative y gives 0 unless x is ±1.
func pow[T Number](x, y T) T {
	if half := T(1); half/2 != 0 {
		return T(math.Pow(float64(x), float64(y)))
	}
	if y < 0 {
		if x == 1 {
			return 1
		}
		if x+1 == 0 { // -1: odd powers keep the sign
			if y/2*2 == y {
				return 1
			}
			return x
		}
		return 0
	}
	r := T(1)
	for y > 0 {
		if y/2*2 != y {
			r *= x
		}
		x *= x
		y /= 2
	}
	return r
}

// powRow raises a row to one power; the common ones need no logarithm.
func powRow[T Number](dst, a []T, y T) {
	switch y {
	case 1:
		copy(dst, a)
	case 2:
		zip(Mul, dst, a, a)
	case 3:
		for i, x := range a {
			dst[i] = T(x*x) * x
		}
	default:
		for i, x := range a {
			dst[i] = pow(x, y)
		}
	}
}
