package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS.
const (
	lessThan     = 0x11 // quiet, false for NaN
	unordered    = 0x03
	greaterEqual = 0x1d
)

// horner continues a polynomial in r: p = p*r + c for each c.
func horner(p, r reg.VecVirtual, c ...float64) {
	for _, v := range c {
		VMULPS(r, p, p)
		VADDPS(number(v), p, p)
	}
}

// exp replaces x by exp32(x): the same steps, with the cases at the end.
func exp(x reg.VecVirtual) reg.VecVirtual {
	const top, bottom, magic = 88.72284, -104, 12582912
	v, k, r, p, n, h := YMM(), YMM(), YMM(), YMM(), YMM(), YMM()
	VMINPS(number(top), x, v)
	VMAXPS(number(bottom), v, v)
	VMULPS(number(1.44269504088896341), v, k)
	VADDPS(number(magic), k, k)
	VPSUBD(bits(0x4B400000), k, n)
	VSUBPS(number(magic), k, k)
	VMULPS(number(0.693359375), k, r)
	VSUBPS(r, v, r)
	VMULPS(number(-2.12194440e-4), k, k)
	VSUBPS(k, r, r)
	VMOVUPS(number(1.9875691500e-4), p)
	horner(p, r, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
	VMULPS(r, p, p)
	VMULPS(r, p, p)
	VADDPS(r, p, p)
	VADDPS(number(1), p, p)
	VPSRAD(Imm(1), n, h)
	VPSUBD(h, n, n)
	for _, e := range []reg.VecVirtual{h, n} {
		VPADDD(bits(127), e, e)
		VPSLLD(Imm(23), e, e)
		VMULPS(e, p, p)
	}
	mask := YMM()
	VCMPPS(Imm(greaterEqual), number(top), x, mask)
	VBLENDVPS(mask, number(math.Inf(1)), p, p)
	VCMPPS(Imm(lessThan), number(bottom), x, mask)
	VANDNPS(p, mask, p)
	VCMPPS(Imm(unordered), x, x, mask)
	VBLENDVPS(mask, x, p, p)
	return p
}

const (
	signBit = 1 << 31
	rest    = 1<<31 - 1
)

// exponentials writes the functions that are made of the exponential.
func exponentials() {
	unary := func(name, doc string, body func(x reg.VecVirtual) reg.VecVirtual) {
		elementwise(name, "dst, src *float32", []string{"src"}, []string{"dst"}, doc, nothing,
			func(x []reg.VecVirtual) []reg.VecVirtual { return one(body(x[0])) })
	}
	unary("expAVX2", "dst[i] = exp32(src[i])", exp)
	unary("sigmoidAVX2", "dst[i] = sigmoid32(src[i])", func(x reg.VecVirtual) reg.VecVirtual {
		e, sum, mask := YMM(), YMM(), YMM()
		VORPS(bits(signBit), x, e)
		e = exp(e)
		VADDPS(number(1), e, sum)
		VCMPPS(Imm(greaterEqual), number(0), x, mask)
		VBLENDVPS(mask, number(1), e, e)
		VDIVPS(sum, e, e)
		return e
	})
	unary("tanhAVX2", "dst[i] = tanh32(src[i])", func(x reg.VecVirtual) reg.VecVirtual {
		z, p, a, mask := YMM(), YMM(), YMM(), YMM()
		VMULPS(x, x, z)
		VMOVUPS(number(-5.70498872745e-3), p)
		horner(p, z, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
		VMULPS(z, p, p)
		VMULPS(x, p, p)
		VADDPS(x, p, p)

		VANDPS(bits(rest), x, a)
		VCMPPS(Imm(lessThan), number(0.625), a, mask)
		limit := YMM()
		VMOVUPS(number(10), limit)
		VMINPS(a, limit, a) // NaN stays
		VADDPS(a, a, a)
		e := exp(a)
		VADDPS(number(1), e, e)
		two := YMM()
		VMOVUPS(number(2), two)
		VDIVPS(e, two, e)
		VMOVUPS(number(1), two)
		VSUBPS(e, two, e)
		sign := YMM()
		VANDPS(bits(signBit), x, sign)
		VORPS(sign, e, e)
		VBLENDVPS(mask, p, e, e)
		return e
	})
}
