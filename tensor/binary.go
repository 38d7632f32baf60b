package tensor

import (
	"fmt"
	"math"
)

// number lists the types in which arithmetic is done; see computeType.
type number interface {
	float32 | float64 | int64 | uint64
}

// binaryOp is an elementwise function of two operands, once for each compute
// type.
type binaryOp struct {
	name string
	f32  func(x, y float32) float32
	f64  func(x, y float64) float64
	i64  func(x, y int64) int64
	u64  func(x, y uint64) uint64
	bool bool // defined for Bool: the result for 0 and 1, nonzero being true
}

var (
	addOp = binaryOp{"add", add[float32], add[float64], add[int64], add[uint64], true}
	subOp = binaryOp{"sub", sub[float32], sub[float64], sub[int64], sub[uint64], false}
	mulOp = binaryOp{"mul", mul[float32], mul[float64], mul[int64], mul[uint64], true}
	divOp = binaryOp{"div", divFloat[float32], divFloat[float64], divInt[int64], divInt[uint64], false}
	modOp = binaryOp{"mod", modFloat[float32], modFloat[float64], modInt[int64], modInt[uint64], false}
	remOp = binaryOp{"fmod", remFloat[float32], remFloat[float64], remInt[int64], remInt[uint64], false}
	powOp = binaryOp{"pow", powFloat[float32], powFloat[float64], powInt[int64], powInt[uint64], false}
	maxOp = binaryOp{"maximum", maxOf[float32], maxOf[float64], maxOf[int64], maxOf[uint64], true}
	minOp = binaryOp{"minimum", minOf[float32], minOf[float64], minOf[int64], minOf[uint64], true}
)

// Add returns a + b; for Bool, a or b.
func Add(a, b *Tensor) *Tensor { return addOp.apply(a, b) }

// Sub returns a - b.
func Sub(a, b *Tensor) *Tensor { return subOp.apply(a, b) }

// Mul returns a · b; for Bool, a and b.
func Mul(a, b *Tensor) *Tensor { return mulOp.apply(a, b) }

// Div returns a / b. Integers divide as in ONNX and C: the quotient is truncated
// toward zero and keeps the integer type (NumPy's / would give Float64); an
// integer divided by zero gives 0.
func Div(a, b *Tensor) *Tensor { return divOp.apply(a, b) }

// Mod returns a - b·⌊a/b⌋, which has the sign of b, as NumPy's mod and Python's
// %. An integer modulo zero gives 0.
func Mod(a, b *Tensor) *Tensor { return modOp.apply(a, b) }

// Fmod returns a - b·trunc(a/b), which has the sign of a, as C's fmod and
// integer %. An integer modulo zero gives 0.
func Fmod(a, b *Tensor) *Tensor { return remOp.apply(a, b) }

// Pow returns a to the power b. Integer powers wrap; with a negative exponent
// they are truncated toward zero, so only 1 and -1 give other than 0.
func Pow(a, b *Tensor) *Tensor { return powOp.apply(a, b) }

// Maximum returns the larger of a and b, elementwise; NaN if either is.
func Maximum(a, b *Tensor) *Tensor { return maxOp.apply(a, b) }

// Minimum returns the smaller of a and b, elementwise; NaN if either is.
func Minimum(a, b *Tensor) *Tensor { return minOp.apply(a, b) }

func (op binaryOp) apply(a, b *Tensor) *Tensor {
	a, b, dt := together(op.name, a, b)
	if dt == Bool && !op.bool || dt == String {
		panic(&ShapeError{op.name, nil, fmt.Sprintf("not defined for %v", dt)})
	}
	compute := computeType(dt)
	a, b = Cast(a, compute), Cast(b, compute)
	out := New(compute, a.shape...)
	switch compute {
	case Float32:
		zipWith(out, a, b, op.f32)
	case Float64:
		zipWith(out, a, b, op.f64)
	case Int64:
		zipWith(out, a, b, op.i64)
	default:
		zipWith(out, a, b, op.u64)
	}
	return Cast(out, dt)
}

// together returns a and b broadcast to one shape, and the type they promote to.
func together(op string, a, b *Tensor) (x, y *Tensor, dt DType) {
	dt = Promote(a.dtype, b.dtype)
	if dt == Invalid {
		panic(&ShapeError{op, []Shape{a.shape, b.shape}, fmt.Sprintf("element types %v and %v do not meet", a.dtype, b.dtype)})
	}
	shape := mustBroadcast(op, a.shape, b.shape)
	return a.BroadcastTo(shape), b.BroadcastTo(shape), dt
}

// mustBroadcast is Broadcast for operands of op; it panics.
func mustBroadcast(op string, shapes ...Shape) Shape {
	shape, err := Broadcast(shapes...)
	if err != nil {
		e := *err.(*ShapeError)
		e.Op = op
		panic(&e)
	}
	return shape
}

// zipWith sets out[i] = f(a[i], b[i]) for tensors of one shape.
func zipWith[T, R Element](out, a, b *Tensor, f func(x, y T) R) {
	to, x, y := storage[R](out), storage[T](a), storage[T](b)
	newLoop(out.shape, out, a, b).rows(func(n int, pos, step []int) {
		o, i, j := pos[0], pos[1], pos[2]
		if step[0] == 1 && step[1] == 1 && step[2] == 1 {
			zipRows(to[o:o+n], x[i:i+n], y[j:j+n], f)
			return
		}
		for range n {
			to[o] = f(x[i], y[j])
			o += step[0]
			i += step[1]
			j += step[2]
		}
	})
}

func zipRows[T, R Element](out []R, x, y []T, f func(x, y T) R) {
	x, y = x[:len(out)], y[:len(out)] // so that the loop checks no bounds
	for i := range out {
		out[i] = f(x[i], y[i])
	}
}

func add[T number](x, y T) T { return x + y }
func sub[T number](x, y T) T { return x - y }
func mul[T number](x, y T) T { return x * y }

func maxOf[T number](x, y T) T { return max(x, y) }
func minOf[T number](x, y T) T { return min(x, y) }

func divFloat[T float32 | float64](x, y T) T { return x / y }

func divInt[T int64 | uint64](x, y T) T {
	if y == 0 {
		return 0
	}
	return x / y
}

func remFloat[T float32 | float64](x, y T) T { return T(math.Mod(float64(x), float64(y))) }

func remInt[T int64 | uint64](x, y T) T {
	if y == 0 {
		return 0
	}
	return x % y
}

func modFloat[T float32 | float64](x, y T) T {
	r := remFloat(x, y)
	if r == 0 {
		return T(math.Copysign(0, float64(y)))
	}
	if (r < 0) != (y < 0) {
		r += y
	}
	return r
}

func modInt[T int64 | uint64](x, y T) T {
	r := remInt(x, y)
	if r != 0 && (r < 0) != (y < 0) {
		r += y
	}
	return r
}

func powFloat[T float32 | float64](x, y T) T { return T(math.Pow(float64(x), float64(y))) }

func powInt[T int64 | uint64](x, y T) T {
	if y < 0 {
		if x*x != 1 { // 1 and -1 are their own inverses
			return 0
		}
		y = -y
	}
	p := T(1)
	for ; y > 0; y >>= 1 {
		if y&1 == 1 {
			p *= x
		}
		x *= x
	}
	return p
}
