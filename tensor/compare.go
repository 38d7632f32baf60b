package tensor

import "fmt"

// ordered lists the types in which elements are compared and sorted, the wide
// types of all classes.
type ordered interface {
	float64 | int64 | uint64 | string
}

// compareOp is a relation of two operands, once for each wide type.
type compareOp struct {
	name string
	f64  func(x, y float64) bool
	i64  func(x, y int64) bool
	u64  func(x, y uint64) bool
	str  func(x, y string) bool
}

var (
	equalOp     = compareOp{"equal", eq[float64], eq[int64], eq[uint64], eq[string]}
	notEqualOp  = compareOp{"not equal", ne[float64], ne[int64], ne[uint64], ne[string]}
	lessOp      = compareOp{"less", lt[float64], lt[int64], lt[uint64], lt[string]}
	lessEqualOp = compareOp{"less equal", le[float64], le[int64], le[uint64], le[string]}
)

// Equal returns a Bool tensor that is true where a = b. Elements are compared in
// the type to which they promote; NaN equals nothing.
func Equal(a, b *Tensor) *Tensor { return equalOp.apply(a, b) }

// NotEqual returns a Bool tensor that is true where a ≠ b.
func NotEqual(a, b *Tensor) *Tensor { return notEqualOp.apply(a, b) }

// Less returns a Bool tensor that is true where a < b; strings compare byte by
// byte.
func Less(a, b *Tensor) *Tensor { return lessOp.apply(a, b) }

// LessEqual returns a Bool tensor that is true where a ≤ b.
func LessEqual(a, b *Tensor) *Tensor { return lessEqualOp.apply(a, b) }

// Greater returns a Bool tensor that is true where a > b.
func Greater(a, b *Tensor) *Tensor { return lessOp.apply(b, a) }

// GreaterEqual returns a Bool tensor that is true where a ≥ b.
func GreaterEqual(a, b *Tensor) *Tensor { return lessEqualOp.apply(b, a) }

func (op compareOp) apply(a, b *Tensor) *Tensor {
	a, b, dt := together(op.name, a, b)
	wide := wideType(dt)
	a, b = Cast(Cast(a, dt), wide), Cast(Cast(b, dt), wide)
	out := New(Bool, a.shape...)
	switch wide {
	case Float64:
		zipWith(out, a, b, op.f64)
	case Int64:
		zipWith(out, a, b, op.i64)
	case Uint64:
		zipWith(out, a, b, op.u64)
	default:
		zipWith(out, a, b, op.str)
	}
	return out
}

func eq[T ordered](x, y T) bool { return x == y }
func ne[T ordered](x, y T) bool { return x != y }
func lt[T ordered](x, y T) bool { return x < y }
func le[T ordered](x, y T) bool { return x <= y }

// And returns a Bool tensor that is true where a and b are; numbers are true
// unless zero.
func And(a, b *Tensor) *Tensor {
	return logical("and", a, b, func(x, y bool) bool { return x && y })
}

// Or returns a Bool tensor that is true where a or b is.
func Or(a, b *Tensor) *Tensor {
	return logical("or", a, b, func(x, y bool) bool { return x || y })
}

// Xor returns a Bool tensor that is true where exactly one of a and b is.
func Xor(a, b *Tensor) *Tensor {
	return logical("xor", a, b, func(x, y bool) bool { return x != y })
}

// Not returns a Bool tensor that is true where t is false or zero.
func Not(t *Tensor) *Tensor {
	out := New(Bool, t.shape...)
	apply(out, Cast(t, Bool), func(v bool) bool { return !v })
	return out
}

func logical(op string, a, b *Tensor, f func(x, y bool) bool) *Tensor {
	shape := mustBroadcast(op, a.shape, b.shape)
	out := New(Bool, shape...)
	zipWith(out, Cast(a, Bool).BroadcastTo(shape), Cast(b, Bool).BroadcastTo(shape), f)
	return out
}

// Where returns a where cond is true (or not zero) and b elsewhere; the three
// broadcast together, and a and b promote to one type.
func Where(cond, a, b *Tensor) *Tensor {
	dt := Promote(a.dtype, b.dtype)
	if dt == Invalid {
		panic(&ShapeError{"where", []Shape{a.shape, b.shape}, fmt.Sprintf("element types %v and %v do not meet", a.dtype, b.dtype)})
	}
	shape := mustBroadcast("where", cond.shape, a.shape, b.shape)
	out := New(dt, shape...)
	CopyInto(out, Cast(b, dt))
	moverFor(dt).copyWhere(out, Cast(a, dt).BroadcastTo(shape), Cast(cond, Bool).BroadcastTo(shape))
	return out
}
