package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS.
const (
	equal        = 0x00
	lessThan     = 0x11 // quiet, false for NaN
	unordered    = 0x03
	notLess      = 0x15 // quiet, true for NaN
	greaterEqual = 0x1d
	greaterThan  = 0x1e
)

const (
	signBit = 1 << 31
	rest    = 1<<31 - 1
)

// horner continues a polynomial in r: p = p*r + c for each c, with one
// rounding.
func horner(p, r reg.VecVirtual, c ...float64) {
	for _, v := range c {
		VFMADD213PS(number(v), r, p)
	}
}

// polynomial starts one with its coefficients, the highest power first.
func polynomial(r reg.VecVirtual, c ...float64) reg.VecVirtual {
	p := load(c[0])
	horner(p, r, c[1:]...)
	return p
}

// clamp is x within bounds; NaN stays.
func clamp(x reg.VecVirtual, low, high float64) reg.VecVirtual {
	y := load(high)
	VMINPS(x, y, y)
	z := load(low)
	VMAXPS(y, z, z)
	return z
}

// reduction is x = n*ln 2 + r with |r| ≤ ln 2/2 and a whole n, which shifted is
// n + bias as an integer.
func reduction(x reg.VecVirtual, bias uint32) (r, shifted reg.VecVirtual) {
	const magic = 12582912 // 1.5*2^23: to add it rounds to an integer
	k := load(1.44269504088896341)
	r, shifted = YMM(), YMM()
	VFMADD213PS(number(magic), x, k)
	VPSUBD(bits(0x4B400000-bias), k, shifted)
	VSUBPS(number(magic), k, k)
	VMOVAPS(x, r)
	VFNMADD231PS(number(0.693359375), k, r)
	VFNMADD231PS(number(-2.12194440e-4), k, r)
	return r, shifted
}

// expOf is e^r for |r| ≤ ln 2/2.
func expOf(r reg.VecVirtual) reg.VecVirtual {
	p := polynomial(r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
	q := YMM()
	VMULPS(r, r, q)
	VFMADD213PS(r, q, p)
	VADDPS(number(1), p, p)
	return p
}

// expParts is e^x for x from -125 to 89 as the product of two factors, of which
// the first is a normal number.
func expParts(x reg.VecVirtual) (y, scale reg.VecVirtual) {
	r, n := reduction(x, 0)
	p, h := expOf(r), YMM()
	VPSRAD(Imm(1), n, h)
	VPSUBD(h, n, n)
	for _, e := range []reg.VecVirtual{h, n} {
		VPSLLD(Imm(23), e, e)
		VPADDD(number(1), e, e) // the exponent of 1
	}
	VMULPS(h, p, p)
	return p, n
}

// exp is e^x of any x; the bounds are where it is 0 and infinite.
func exp(x reg.VecVirtual) reg.VecVirtual {
	y, scale := expParts(clamp(x, -105, 89))
	VMULPS(scale, y, y)
	return y
}

// expNormal is e^x for x from -87 to 88.
func expNormal(x reg.VecVirtual) reg.VecVirtual {
	r, n := reduction(x, 127)
	p := expOf(r)
	VPSLLD(Imm(23), n, n)
	VMULPS(n, p, p)
	return p
}

// magnitude is |x|, and negated -|x|.
func magnitude(x reg.VecVirtual) reg.VecVirtual {
	y := YMM()
	VANDPS(bits(rest), x, y)
	return y
}

func negated(x reg.VecVirtual) reg.VecVirtual {
	y := YMM()
	VORPS(bits(signBit), x, y)
	return y
}

// copySign gives y, which is not negative, the sign of x.
func copySign(x, y reg.VecVirtual) reg.VecVirtual {
	sign := YMM()
	VANDPS(bits(signBit), x, sign)
	VORPS(sign, y, y)
	return y
}

// sigmoid is num/(1 + e^-|x|), where num is e^x for negative x and 1 for others.
func sigmoid(x reg.VecVirtual) reg.VecVirtual {
	e := exp(negated(x))
	sum, num := YMM(), load(1)
	VADDPS(num, e, sum)
	VBLENDVPS(x, e, num, num)
	VDIVPS(sum, num, num)
	return num
}

// silu is x*sigmoid(x). A factor that were denormal is kept apart until it has
// been multiplied by x.
func silu(x reg.VecVirtual) reg.VecVirtual {
	bottom := load(-125) // where the result is 0
	VMAXPS(x, bottom, bottom)
	y, scale := expParts(clamp(negated(bottom), -125, 0))
	sum, e, num := YMM(), YMM(), YMM()
	VMULPS(scale, y, e)
	VADDPS(number(1), e, sum)
	VMULPS(bottom, y, num)
	VMULPS(scale, num, num)
	VBLENDVPS(x, num, x, num)
	VDIVPS(sum, num, num)
	return num
}

// tanh is a polynomial near 0 (Cephes), else 1 - 2/(e^2x + 1).
func tanh(x reg.VecVirtual) reg.VecVirtual {
	z, small := YMM(), YMM()
	VMULPS(x, x, z)
	p := polynomial(z, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
	VMULPS(x, z, z)
	VFMADD213PS(x, z, p)
	a := magnitude(x)
	VCMPPS(Imm(lessThan), number(0.625), a, small)
	limit := load(10)
	VMINPS(a, limit, a)
	VADDPS(a, a, a)
	e, two, y := expNormal(a), load(2), load(1)
	VADDPS(y, e, e)
	VDIVPS(e, two, e)
	VSUBPS(e, y, y)
	y = copySign(x, y)
	VBLENDVPS(small, p, y, y)
	return y
}

// elu is x, or alpha*(e^x - 1) for x ≤ 0.
func elu(x, alpha reg.VecVirtual) reg.VecVirtual {
	r, n := reduction(clamp(x, -25, 0), 127) // e^-25 is far below half an ULP of 1
	p := polynomial(r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
	q, positive, zero := YMM(), YMM(), YMM()
	VMULPS(r, r, q)
	VFMADD213PS(r, q, p) // e^r - 1
	VPSLLD(Imm(23), n, n)
	VSUBPS(number(1), n, q)
	VFMADD213PS(q, n, p) // 2^n*(e^r - 1) + (2^n - 1)
	VMULPS(alpha, p, p)
	VXORPS(zero, zero, zero)
	VCMPPS(Imm(greaterThan), zero, x, positive)
	VBLENDVPS(positive, x, p, p)
	return p
}

// softplus is max(x, 0) + log(1 + e^-|x|).
func softplus(x reg.VecVirtual) reg.VecVirtual {
	e := exp(negated(x))
	half, large, k := load(0.5), YMM(), YMM()
	VFMSUB213PS(half, e, half) // (1 + e)/2 - 1
	VCMPPS(Imm(greaterThan), number(0.41421356), e, large)
	VBLENDVPS(large, half, e, e)
	VANDPS(number(1), large, k)
	y := logOf(e, k)
	zero := YMM()
	VXORPS(zero, zero, zero)
	VMAXPS(x, zero, zero)
	VADDPS(zero, y, y)
	return y
}

// logOf is log(1 + m) + k*ln 2 for √½ - 1 ≤ m ≤ √2 - 1.
func logOf(m, k reg.VecVirtual) reg.VecVirtual {
	p := polynomial(m, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
		-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)
	z, t := YMM(), YMM()
	VMULPS(m, m, z)
	VMULPS(m, p, p)
	VSUBPS(number(0.5), p, p)
	VMULPS(number(-2.12194440e-4), k, t)
	VFMADD213PS(t, z, p) // m³·p - m²/2 + the small part of k*ln 2
	VADDPS(m, p, p)
	VFMADD231PS(number(0.693359375), k, p)
	return p
}

// logarithm is the natural logarithm, of denormals too.
func logarithm(x reg.VecVirtual) reg.VecVirtual {
	y, k, m, denormal := YMM(), YMM(), YMM(), YMM()
	VMULPS(number(1<<25), x, y)
	VCMPPS(Imm(lessThan), number(0x1p-126), x, denormal)
	VBLENDVPS(denormal, y, x, y)
	VPSUBD(bits(0x3f3504f3), y, k) // less √½: the exponent counts from there
	VPSRAD(Imm(23), k, k)
	VPSLLD(Imm(23), k, m)
	VPSUBD(m, y, m)
	VSUBPS(number(1), m, m)
	VCVTDQ2PS(k, k)
	VANDPS(number(25), denormal, denormal)
	VSUBPS(denormal, k, k)
	y = logOf(m, k)

	zero, mask := YMM(), YMM()
	VXORPS(zero, zero, zero)
	VCMPPS(Imm(lessThan), zero, x, mask)
	VORPS(mask, y, y) // NaN
	VCMPPS(Imm(equal), zero, x, mask)
	VBLENDVPS(mask, bits(0xff800000), y, y)
	VCMPPS(Imm(notLess), bits(0x7f800000), x, mask)
	VBLENDVPS(mask, x, y, y)
	return y
}

// functions writes those that are made of the exponential and the logarithm.
func functions() {
	of := func(f func(x reg.VecVirtual) reg.VecVirtual) func(x reg.VecVirtual, _ []reg.VecVirtual) reg.VecVirtual {
		return func(x reg.VecVirtual, _ []reg.VecVirtual) reg.VecVirtual { return f(x) }
	}
	unary("exp", "dst[i] = e^src[i]", 1, nil, of(exp))
	unary("log", "dst[i] = log(src[i])", 1, nil, of(logarithm))
	unary("sigmoid", "dst[i] = 1/(1 + e^-src[i])", 1, nil, of(sigmoid))
	unary("silu", "dst[i] = src[i]/(1 + e^-src[i])", 1, nil, of(silu))
	unary("tanh", "dst[i] = tanh(src[i])", 1, nil, of(tanh))
	unary("softplus", "dst[i] = log(1 + e^src[i])", 1, nil, of(softplus))
	unary("erf", "dst[i] = erf(src[i])", 1, nil, of(erf))
	unary("gelu", "dst[i] = src[i]*(1 + erf(src[i]/√2))/2", 1, nil, of(gelu))
	unary("geluTanh", "dst[i] = src[i]*(1 + tanh(√(2/π)*(src[i] + 0.044715src[i]³)))/2", 1, nil, of(geluTanh))
	unary("elu", "dst[i] = src[i] > 0 ? src[i] : alpha*(e^src[i] - 1)", 1, []string{"alpha"},
		func(x reg.VecVirtual, p []reg.VecVirtual) reg.VecVirtual { return elu(x, p[0]) })
}
