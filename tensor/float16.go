package tensor

import "math"

// F16 is an element of a Float16 tensor: IEEE 754 binary16 (1 sign, 5 exponent,
// 10 fraction bits).
type F16 uint16

// BF16 is an element of a BFloat16 tensor: the upper half of a binary32
// (1 sign, 8 exponent, 7 fraction bits).
type BF16 uint16

// F16From rounds v to the nearest F16, ties to even. Values beyond 65504 become
// infinite; a NaN keeps its sign and the top of its payload.
func F16From(v float32) F16 { return F16(narrow(float64(v), 5, 10)) }

// BF16From rounds v to the nearest BF16, ties to even. A NaN keeps its sign and
// the top of its payload.
func BF16From(v float32) BF16 { return BF16(narrow(float64(v), 8, 7)) }

// Float32 returns the value of h, exactly.
func (h F16) Float32() float32 { return float32(widen(uint16(h), 5, 10)) }

// Float32 returns the value of b, exactly.
func (b BF16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }

// narrow rounds v once to a 16-bit format with the given exponent and fraction
// widths.
func narrow(v float64, expBits, fracBits uint) uint16 {
	bits := math.Float64bits(v)
	sign := uint16(bits >> 63 << 15)
	inf := uint64(1)<<expBits - 1
	exp := int(bits>>52&0x7ff) - 1023 + int(inf>>1)
	frac := bits & (1<<52 - 1)
	if exp0 := bits >> 52 & 0x7ff; exp0 == 0x7ff {
		if frac == 0 {
			return sign | uint16(inf<<fracBits)
		}
		// The quiet bit keeps a NaN whose payload is cut off a NaN.
		return sign | uint16(inf<<fracBits|1<<(fracBits-1)|frac>>(52-fracBits))
	} else if exp0 == 0 {
		return sign // zero, or far below the smallest subnormal
	}
	drop := 52 - fracBits
	if exp <= 0 { // subnormal: the leading one becomes explicit
		frac |= 1 << 52
		drop += uint(1 - exp)
		exp = 0
		if drop > 54 {
			return sign
		}
	}
	kept := uint64(exp)<<fracBits + frac>>drop // a carry out of the fraction raises the exponent
	rest, half := frac&(1<<drop-1), uint64(1)<<(drop-1)
	if rest > half || rest == half && kept&1 == 1 {
		kept++
	}
	return sign | uint16(min(kept, inf<<fracBits))
}

// widen returns the value of a 16-bit float with the given exponent and fraction
// widths.
func widen(h uint16, expBits, fracBits uint) float64 {
	exp := uint64(h) >> fracBits & (1<<expBits - 1)
	frac := uint64(h) & (1<<fracBits - 1)
	sign := uint64(h) >> 15 << 63
	bias := 1<<(expBits-1) - 1
	switch exp {
	case 1<<expBits - 1:
		return math.Float64frombits(sign | 0x7ff<<52 | frac<<(52-fracBits))
	case 0:
		v := math.Ldexp(float64(frac), 1-bias-int(fracBits))
		return math.Float64frombits(sign | math.Float64bits(v))
	}
	return math.Float64frombits(sign | (exp+uint64(1023-bias))<<52 | frac<<(52-fracBits))
}
