package kernel

import "math"

// ToFloat16 rounds numbers to IEEE 754 binary16, to nearest and ties to even,
// subnormal results too; what is too large becomes infinite, and a NaN stays
// one. src has at least as many elements as dst.
func ToFloat16(dst []uint16, src []float32) {
	src = src[:len(dst)]
	for i := runHalf(loops32().toFloat16, dst, src); i < len(dst); i++ {
		dst[i] = toFloat16(src[i])
	}
}

// FromFloat16 widens binary16 numbers; exact but for NaN, which gets quiet.
func FromFloat16(dst []float32, src []uint16) {
	src = src[:len(dst)]
	for i := runHalf(loops32().fromFloat16, dst, src); i < len(dst); i++ {
		dst[i] = fromFloat16(src[i])
	}
}

// ToBFloat16 rounds numbers to bfloat16, the upper half of a float32, to
// nearest and ties to even; a NaN stays one.
func ToBFloat16(dst []uint16, src []float32) {
	src = src[:len(dst)]
	for i := runHalf(loops32().toBFloat16, dst, src); i < len(dst); i++ {
		dst[i] = toBFloat16(src[i])
	}
}

// FromBFloat16 widens bfloat16 numbers, exactly.
func FromBFloat16(dst []float32, src []uint16) {
	src = src[:len(dst)]
	for i := runHalf(loops32().fromBFloat16, dst, src); i < len(dst); i++ {
		dst[i] = fromBFloat16(src[i])
	}
}

// AddFloat16 adds binary16 numbers: dst[i] += src[i].
func AddFloat16(dst []float32, src []uint16) {
	src = src[:len(dst)]
	for i := runHalf(loops32().addFloat16, dst, src); i < len(dst); i++ {
		dst[i] += fromFloat16(src[i])
	}
}

// AddBFloat16 adds bfloat16 numbers: dst[i] += src[i].
func AddBFloat16(dst []float32, src []uint16) {
	src = src[:len(dst)]
	for i := runHalf(loops32().addBFloat16, dst, src); i < len(dst); i++ {
		dst[i] += fromBFloat16(src[i])
	}
}

// runHalf converts whole vectors by f, if there is one, and returns how many
// elements those are.
func runHalf[D, S any](f func(dst []D, src []S), dst []D, src []S) int {
	n := len(dst) &^ 7
	if f == nil || n == 0 {
		return 0
	}
	f(dst[:n], src[:n])
	return n
}

func toBFloat16(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

func fromBFloat16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

func toFloat16(x float32) uint16 {
	b := math.Float32bits(x)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // quiet, with the top of what it carries
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
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
	case rest > 0x7c00:
		return math.Float32frombits(sign | 0x7fc00000 | (rest&0x3ff)<<13)
	case rest == 0x7c00:
		return math.Float32frombits(sign | 0x7f800000)
	case rest < 0x400:
		return math.Float32frombits(sign | math.Float32bits(float32(rest)*0x1p-24))
	default:
		return math.Float32frombits(sign | (rest<<13 + 0x38000000))
	}
}
