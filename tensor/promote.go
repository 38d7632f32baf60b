package tensor

import (
	"cmp"
	"slices"
)

// Promote returns the element type in which operands of types a and b meet, by
// NumPy's table (NEP 50): the smallest type that holds both, where a float of
// 11 or fewer significant bits still takes in 8-bit integers, binary32 16-bit
// ones, and binary64 the rest. BFloat16, which NumPy lacks, takes the place of
// Float16 in that table; the two of them meet in Float32. String meets only
// String: other pairs give Invalid.
func Promote(a, b DType) DType {
	if a == b {
		return a
	}
	ca, cb := a.class(), b.class()
	if ca > cb {
		a, b, ca, cb = b, a, cb, ca
	}
	switch {
	case ca == classNone || cb == classString:
		return Invalid
	case ca == classBool:
		return b
	case ca == cb:
		if a.Size() == b.Size() { // Float16 and BFloat16
			return Float32
		}
		if a.Size() > b.Size() {
			return a
		}
		return b
	case cb == classFloat:
		return wider(b, floatFor(a))
	default: // unsigned a, signed b: a signed type of more bits than a
		if a.Size() < b.Size() {
			return b
		}
		return [...]DType{1: Int16, 2: Int32, 4: Int64, 8: Float64}[a.Size()]
	}
}

// promoteAll returns the element type in which all of ts meet. Promote is not
// associative: int16 and uint16 meet in int32, which meets float16 in float64,
// but each of them meets float16 in float32. NumPy starts with the highest
// class, so the order of ts does not count.
func promoteAll(ts []*Tensor) DType {
	dtypes := make([]DType, len(ts))
	for i, t := range ts {
		dtypes[i] = t.dtype
	}
	slices.SortStableFunc(dtypes, func(a, b DType) int { return cmp.Compare(b.class(), a.class()) })
	dt := dtypes[0]
	for _, d := range dtypes[1:] {
		dt = Promote(dt, d)
	}
	return dt
}

// wider returns the larger of two float types, a if they have the same size.
func wider(a, b DType) DType {
	if b.Size() > a.Size() {
		return b
	}
	return a
}

// floatFor returns the float type in which NumPy computes a real function of
// elements of type d: d itself if it is one.
func floatFor(d DType) DType {
	if d.IsFloat() {
		return d
	}
	return [...]DType{0: Invalid, 1: Float16, 2: Float32, 4: Float64, 8: Float64}[d.Size()]
}

// computeType returns the type in which arithmetic on elements of type d is
// done; the result is cast back. Rounding or wrapping the wider result gives
// what arithmetic in d itself would.
func computeType(d DType) DType {
	switch d.class() {
	case classFloat:
		return wider(Float32, d)
	case classSigned:
		return Int64
	default:
		return wideType(d)
	}
}

// wideType returns the type that holds every value of d's class: Float64,
// Int64, Uint64 (also for Bool) or String.
func wideType(d DType) DType {
	return [...]DType{
		classNone: Invalid, classBool: Uint64, classUnsigned: Uint64,
		classSigned: Int64, classFloat: Float64, classString: String,
	}[d.class()]
}
