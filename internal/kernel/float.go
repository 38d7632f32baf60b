package kernel

import "math"

// Float is an element type that kernels compute in.
type Float interface{ float32 | float64 }

// Number is an element type that can be compared and added.
type Number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// isNaN reports whether x is not a number; for integers it is false.
func isNaN[T Number](x T) bool { return x != x }

// inf returns positive or negative infinity.
func inf[T Float](sign int) T { return T(math.Inf(sign)) }

// limits returns the least and the greatest value of a type.
func limits[T Number]() (least, greatest T) {
	var low, high any
	switch any(least).(type) {
	case int8:
		low, high = int8(math.MinInt8), int8(math.MaxInt8)
	case int16:
		low, high = int16(math.MinInt16), int16(math.MaxInt16)
	case int32:
		low, high = int32(math.MinInt32), int32(math.MaxInt32)
	case int64:
		low, high = int64(math.MinInt64), int64(math.MaxInt64)
	case uint8:
		low, high = uint8(0), uint8(math.MaxUint8)
	case uint16:
		low, high = uint16(0), uint16(math.MaxUint16)
	case uint32:
		low, high = uint32(0), uint32(math.MaxUint32)
	case uint64:
		low, high = uint64(0), uint64(math.MaxUint64)
	case float32:
		low, high = float32(math.Inf(-1)), float32(math.Inf(1))
	default:
		low, high = math.Inf(-1), math.Inf(1)
	}
	return low.(T), high.(T)
}
