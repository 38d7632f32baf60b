package kernel

import "unsafe"

// CompareOp is a relation of two values. NaN is unequal to everything.
type CompareOp uint8

// The relations.
const (
	Equal CompareOp = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	compareCount
)

// Compare computes dst[i] = 1 if op(a[i*stepA], b[i*stepB]), else 0, for
// i < len(dst), with steps as in [Zip].
func Compare[T Number](op CompareOp, dst []uint8, a []T, stepA int, b []T, stepB int) {
	n := len(dst)
	if n == 0 {
		return
	}
	if stepA == 0 {
		a, stepA, b, stepB = b, stepB, a, stepA
		op = [...]CompareOp{Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual}[op]
	}
	switch {
	case stepA == 0:
		compareValue(op, dst[:1], a[:1], b[0])
		fill(dst, dst[0])
	case stepB == 0:
		compareValue(op, dst, a[:n], b[0])
	default:
		compare(op, dst, a[:n], b[:n])
	}
}

// bit is 1 if b holds. The compiler makes it a single instruction.
func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// compare is Compare of two rows, for the relations that the operands' order
// cannot bring down to others.
func compare[T Number](op CompareOp, dst []uint8, a, b []T) {
	dst, b = dst[:len(a)], b[:len(a)]
	if row := loops32().compare[op]; row != nil {
		if a, ok := any(a).([]float32); ok {
			row(dst, a, any(b).([]float32))
			return
		}
	}
	switch op {
	case Equal:
		for i, x := range a {
			dst[i] = bit(x == b[i])
		}
	case NotEqual:
		for i, x := range a {
			dst[i] = bit(x != b[i])
		}
	case Less:
		for i, x := range a {
			dst[i] = bit(x < b[i])
		}
	case LessEqual:
		for i, x := range a {
			dst[i] = bit(x <= b[i])
		}
	case Greater:
		compare(Less, dst, b, a)
	case GreaterEqual:
		compare(LessEqual, dst, b, a)
	}
}

// compareValue is Compare of a row and a value.
func compareValue[T Number](op CompareOp, dst []uint8, a []T, y T) {
	dst = dst[:len(a)]
	if row := loops32().compareValue[op]; row != nil {
		if a, ok := any(a).([]float32); ok {
			row(dst, a, any(y).(float32))
			return
		}
	}
	switch op {
	case Equal:
		for i, x := range a {
			dst[i] = bit(x == y)
		}
	case NotEqual:
		for i, x := range a {
			dst[i] = bit(x != y)
		}
	case Less:
		for i, x := range a {
			dst[i] = bit(x < y)
		}
	case LessEqual:
		for i, x := range a {
			dst[i] = bit(x <= y)
		}
	case Greater:
		for i, x := range a {
			dst[i] = bit(x > y)
		}
	case GreaterEqual:
		for i, x := range a {
			dst[i] = bit(x >= y)
		}
	}
}

// Where computes dst[i] = cond[i*stepC] != 0 ? a[i*stepA] : b[i*stepB] for
// i < len(dst), with steps as in [Zip].
func Where[T any](dst []T, cond []uint8, stepC int, a []T, stepA int, b []T, stepB int) {
	switch d := any(dst).(type) {
	case []float32: // integers are chosen without branches
		if row := loops32().where; row != nil && stepC == 1 && stepA+stepB > 0 {
			row(d, cond, any(a).([]float32), stepA, any(b).([]float32), stepB)
			return
		}
		where(bits32(d), cond, stepC, bits32(any(a).([]float32)), stepA, bits32(any(b).([]float32)), stepB)
	case []float64:
		where(bits64(d), cond, stepC, bits64(any(a).([]float64)), stepA, bits64(any(b).([]float64)), stepB)
	default:
		where(dst, cond, stepC, a, stepA, b, stepB)
	}
}

// bits32 and bits64 return the same memory as unsigned integers.
func bits32(x []float32) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

func bits64(x []float64) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

func where[T any](dst []T, cond []uint8, stepC int, a []T, stepA int, b []T, stepB int) {
	var ic, ia, ib int
	for i := range dst {
		x, y := a[ia], b[ib]
		if cond[ic] == 0 {
			x = y
		}
		dst[i] = x
		ic += stepC
		ia += stepA
		ib += stepB
	}
}
