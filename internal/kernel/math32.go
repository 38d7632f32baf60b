package kernel

import "math"

// Constants of the exponential: ln 2 in two parts, of which the first times an
// exponent is exact.
const (
	log2e = 1.44269504088896341
	ln2Hi = 0.693359375
	ln2Lo = -2.12194440e-4
)

// exp32 is e^x with an error of at most 2 ULP, also for denormal results.
//
// x = k·ln 2 + r, |r| ≤ ln 2/2, and e^r is a polynomial of degree 7 (Cephes).
func exp32(x float32) float32 {
	if !(x < 88.72284) {
		if x >= 88.72284 {
			return float32(math.Inf(1))
		}
		return x // NaN
	}
	if x < -104 {
		return 0
	}
	// Adding and subtracting 1.5·2^23 rounds to an integer.
	const magic = 12582912
	k := float32(x*log2e) + magic
	n := int32(math.Float32bits(k)) - 0x4B400000
	k -= magic
	r := x - float32(k*ln2Hi)
	r -= float32(k * ln2Lo)
	p := float32(1.9875691500e-4)
	p = float32(p*r) + 1.3981999507e-3
	p = float32(p*r) + 8.3334519073e-3
	p = float32(p*r) + 4.1665795894e-2
	p = float32(p*r) + 1.6666665459e-1
	p = float32(p*r) + 5.0000001201e-1
	y := float32(float32(p*r)*r) + r + 1
	// 2^n in two factors, since n may lie below or above the normal exponents.
	h := n >> 1
	return y * math.Float32frombits(uint32(h+127)<<23) * math.Float32frombits(uint32(n-h+127)<<23)
}

// log32 is the natural logarithm with an error of at most 2 ULP.
//
// x = 2^e·m, √½ ≤ m < √2, and log m is a polynomial in m-1 (Cephes).
func log32(x float32) float32 {
	switch {
	case x < 0:
		return float32(math.NaN())
	case x == 0:
		return float32(math.Inf(-1))
	case !(x <= math.MaxFloat32):
		return x // +Inf or NaN
	}
	e := int32(0)
	if x < 0x1p-126 {
		x *= 0x1p25
		e = -25
	}
	b := math.Float32bits(x)
	e += int32(b>>23) - 126
	m := math.Float32frombits(b&(1<<23-1) | 126<<23) // in [½, 1)
	if m < 0.70710678 {
		e--
		m += m
	}
	m--
	z := float32(m * m)
	p := float32(7.0376836292e-2)
	p = float32(p*m) - 1.1514610310e-1
	p = float32(p*m) + 1.1676998740e-1
	p = float32(p*m) - 1.2420140846e-1
	p = float32(p*m) + 1.4249322787e-1
	p = float32(p*m) - 1.6668057665e-1
	p = float32(p*m) + 2.0000714765e-1
	p = float32(p*m) - 2.4999993993e-1
	p = float32(p*m) + 3.3333331174e-1
	y := float32(float32(p*m) * z)
	f := float32(e)
	y += float32(f * ln2Lo)
	y -= float32(0.5 * z)
	y += m
	return y + float32(f*ln2Hi)
}

// sigmoid32 is 1/(1 + e^-x) with an error of at most 4 ULP.
func sigmoid32(x float32) float32 {
	if x >= 0 {
		return 1 / (1 + exp32(-x))
	}
	e := exp32(x)
	return e / (1 + e)
}

// tanh32 is the hyperbolic tangent with an error of at most 4 ULP: a
// polynomial near 0 (Cephes), else 1 - 2/(e^2x + 1).
func tanh32(x float32) float32 {
	a := math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
	if a < 0.625 {
		z := float32(x * x)
		p := float32(-5.70498872745e-3)
		p = float32(p*z) + 2.06390887954e-2
		p = float32(p*z) - 5.37397155531e-2
		p = float32(p*z) + 1.33314422036e-1
		p = float32(p*z) - 3.33332819422e-1
		return float32(float32(p*z)*x) + x
	}
	if a > 10 {
		a = 10
	}
	y := 1 - 2/(exp32(a+a)+1)
	if x < 0 {
		return -y
	}
	return y
}

// softplus32 is log(1 + e^x) with an error of at most 4 ULP.
func softplus32(x float32) float32 {
	if x < -17 {
		return exp32(x) // e^x/2 is below half an ULP of 1
	}
	if x > 17 {
		return x
	}
	return float32(softplus(float64(x)))
}

// silu32 is x/(1 + e^-x) with an error of at most 4 ULP.
func silu32(x float32) float32 {
	if x < -80 {
		return float32(silu(float64(x))) // the factor may be denormal, the product not
	}
	return x * sigmoid32(x)
}
