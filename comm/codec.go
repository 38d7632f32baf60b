package comm

import (
	"math"

	"github.com/emberml/ember/internal/kernel"
)

// Number is what members can add up.
type Number interface{ float32 | float64 | int64 }

// Wire is how float32 values travel in a large [Group.AllReduce].
type Wire uint8

// The wire formats. Sums are float32 in all of them; the short ones halve the
// bytes and round what is sent: the partial sums and the result, which is the
// same on all members all the same.
const (
	Float32  Wire = iota
	Float16       // IEEE 754 binary16: beyond 65504 infinite
	BFloat16      // the upper half of a float32
)

// codec turns numbers into bytes, in the machine's byte order, and back. The
// bytes start where any number may.
type codec[T any] struct {
	width int                       // bytes of a number
	lossy bool                      // get does not undo put
	put   func(dst []byte, src []T) // dst = src
	get   func(dst []T, src []byte) // dst = src
	add   func(dst []T, src []byte) // dst[i] += src[i]
}

var (
	float32s = exact[float32](4)
	float64s = exact[float64](8)
	int64s   = exact[int64](8)
)

// exact is the codec of numbers as they are.
func exact[T Number](width int) codec[T] {
	return codec[T]{
		width: width,
		put:   func(dst []byte, src []T) { copy(dst, kernel.View[byte](src)) },
		get:   func(dst []T, src []byte) { copy(dst, kernel.View[T](src)) },
		add: func(dst []T, src []byte) {
			kernel.Zip(kernel.Add, dst, dst, 1, kernel.View[T](src), 1)
		},
	}
}

var wires = [...]codec[float32]{
	Float32: float32s,
	Float16: {
		width: 2, lossy: true,
		put: func(dst []byte, src []float32) {
			short := kernel.View[uint16](dst)[:len(src)]
			for i, x := range src {
				short[i] = toFloat16(x)
			}
		},
		get: func(dst []float32, src []byte) {
			for i, h := range kernel.View[uint16](src)[:len(dst)] {
				dst[i] = fromFloat16(h)
			}
		},
		add: func(dst []float32, src []byte) {
			for i, h := range kernel.View[uint16](src)[:len(dst)] {
				dst[i] += fromFloat16(h)
			}
		},
	},
	BFloat16: {
		width: 2, lossy: true,
		put: func(dst []byte, src []float32) {
			short := kernel.View[uint16](dst)[:len(src)]
			for i, x := range src {
				short[i] = toBFloat16(x)
			}
		},
		get: func(dst []float32, src []byte) {
			for i, h := range kernel.View[uint16](src)[:len(dst)] {
				dst[i] = fromBFloat16(h)
			}
		},
		add: func(dst []float32, src []byte) {
			for i, h := range kernel.View[uint16](src)[:len(dst)] {
				dst[i] += fromBFloat16(h)
			}
		},
	},
}

// codecOf is the exact codec of a type.
func codecOf[T Number]() *codec[T] {
	var c any
	switch any(T(0)).(type) {
	case float32:
		c = &float32s
	case float64:
		c = &float64s
	default:
		c = &int64s
	}
	return c.(*codec[T])
}

// toBFloat16 rounds to nearest, ties to even; a NaN stays one.
func toBFloat16(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

func fromBFloat16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// toFloat16 rounds to nearest, ties to even, subnormal results too; what is too
// large becomes infinite, and a NaN stays one.
func toFloat16(x float32) uint16 {
	b := math.Float32bits(x)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000:
		return sign | 0x7e00
	case b >= 0x47800000: // 2¹⁶ and more
		return sign | 0x7c00
	case b < 0x38800000: // below 2⁻¹⁴: let addition round at 2⁻²⁴
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-math.Float32bits(0.5))
	default: // rebias the exponent; a carry from rounding may go into it
		return sign | uint16((b-0x38000000+0xfff+b>>13&1)>>13)
	}
}

func fromFloat16(h uint16) float32 {
	sign, rest := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	switch {
	case rest >= 0x7c00:
		return math.Float32frombits(sign | 0x7f800000 | (rest&0x3ff)<<13)
	case rest < 0x400:
		return math.Float32frombits(sign | math.Float32bits(float32(rest)*0x1p-24))
	default:
		return math.Float32frombits(sign | (rest<<13 + 0x38000000))
	}
}
