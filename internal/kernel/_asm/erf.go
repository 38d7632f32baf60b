package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// erf is x plus x times a polynomial in x² near 0, else 1 - e^p(|x|).
//
// Source: the polynomials are those of N. Juffa, "Efficient faithfully rounded
// erff", 2018.
func erf(x reg.VecVirtual) reg.VecVirtual {
	s, small := YMM(), YMM()
	VMULPS(x, x, s)
	near := polynomial(s, -5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1)
	VFMADD213PS(x, x, near)
	t := magnitude(x)
	VCMPPS(Imm(lessThan), number(0.927734375), t, small)
	limit := load(4) // where erf is 1
	VMINPS(t, limit, t)
	far := polynomial(t, -1.72853470e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -1.06777877e-1, -6.34846687e-1, -1.28717512e-1)
	neg := negated(t)
	VFMADD213PS(neg, t, far)
	e, y := expNormal(far), load(1)
	VSUBPS(e, y, y)
	y = copySign(x, y)
	VBLENDVPS(small, near, y, y)
	return y
}

// gelu is x*Φ(x). With a = |x| the tail Φ(-a) is e^(-a²/2)*P(q)/(a + 3.5), where
// q = (a - 3.5)/(a + 3.5) runs from -1 to 1; P is the least-squares fit of degree 9.
// Where x is negative the result is the tail times x, of which no part is
// denormal before the product is.
func gelu(x reg.VecVirtual) reg.VecVirtual {
	bottom := load(-15) // where the result is 0
	VMAXPS(x, bottom, bottom)
	a := magnitude(bottom)
	limit := load(15)
	VMINPS(a, limit, a)
	t, r, q := YMM(), load(1), YMM()
	VADDPS(number(3.5), a, t)
	VDIVPS(t, r, r)
	VSUBPS(number(3.5), a, q)
	VMULPS(r, q, q)
	p := polynomial(q, 0.00011172050290042534, 0.00042230714461766183, -0.0004971370799466968, -0.0031763771548867226,
		0.006494221277534962, 0.01740683801472187, -0.11605323851108551, 0.31542500853538513, -0.5655617117881775, 0.7444160580635071)
	VMULPS(r, p, p)

	// -a²/2 = s + low exactly
	s, low := YMM(), YMM()
	VMULPS(number(-0.5), a, t)
	VMULPS(a, t, s)
	VFMSUB213PS(s, a, t)
	VMOVAPS(t, low)
	e, scale := expParts(s)
	VFMADD213PS(e, e, low)
	VMULPS(low, p, p)

	num, one := YMM(), load(1)
	VMULPS(bottom, p, num)
	VMULPS(scale, num, num) // x*Φ(x) for x < 0
	VFNMADD231PS(scale, p, one)
	VMULPS(x, one, one) // for x ≥ 0
	VBLENDVPS(x, num, one, num)
	return num
}

// geluTanh is x*sigmoid(z) for z = x*(c + d*x²), which is computed to more than
// one number's precision, as e^z takes the error of z as its own times |z|.
func geluTanh(x reg.VecVirtual) reg.VecVirtual {
	const (
		c, cLow = 1.5957691669464111, -4.534068042e-8 // √(8/π)
		d, dLow = 0.07135481387376785, 2.398832396e-9 // 0.044715*c
	)
	bottom := load(-11) // where the result is 0
	VMAXPS(x, bottom, bottom)
	a := magnitude(bottom)
	limit := load(11)
	VMINPS(a, limit, a)
	s, sLow := YMM(), YMM()
	VMULPS(a, a, s)
	VMOVAPS(s, sLow)
	VFMSUB231PS(a, a, sLow)
	b, bLow := YMM(), YMM() // d*x²
	VMULPS(number(d), s, b)
	VMOVAPS(b, bLow)
	VFMSUB231PS(number(d), s, bLow)
	VFMADD231PS(number(d), sLow, bLow)
	VFMADD231PS(number(dLow), s, bLow)
	w, wLow := twoSum(load(c), b)
	VADDPS(bLow, wLow, wLow)
	VADDPS(number(cLow), wLow, wLow)
	z, zLow := YMM(), YMM() // -|x|*w
	a = negated(a)
	VMULPS(w, a, z)
	VMOVAPS(z, zLow)
	VFMSUB231PS(w, a, zLow)
	VFMADD231PS(wLow, a, zLow)

	y, scale := expParts(z)
	VFMADD213PS(y, y, zLow)
	sum, e, num := YMM(), YMM(), YMM()
	VMULPS(scale, zLow, e)
	VADDPS(number(1), e, sum)
	VMULPS(bottom, zLow, num)
	VMULPS(scale, num, num)
	VBLENDVPS(x, num, x, num)
	VDIVPS(sum, num, num)
	return num
}

// twoSum is a + b, and what rounding has taken from it.
func twoSum(a, b reg.VecVirtual) (sum, low reg.VecVirtual) {
	sum, low = YMM(), YMM()
	part := YMM()
	VADDPS(a, b, sum)
	VSUBPS(a, sum, part) // of b
	VSUBPS(part, sum, low)
	VSUBPS(low, a, low)
	VSUBPS(part, b, part)
	VADDPS(part, low, low)
	return sum, low
}
