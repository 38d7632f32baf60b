package kernel

import "math"

// UnaryOp is a function of one value.
type UnaryOp uint8

// The unary functions. Alpha and Beta are the fields of [Unary].
const (
	Neg         UnaryOp = iota
	Abs                 // |x|
	Sqrt                // square root
	Exp                 // e^x
	Expm1               // e^x - 1
	Log                 // natural logarithm
	Log1p               // log(1 + x)
	Reciprocal          // 1/x
	Square              // x²
	Sign                // -1, 0 or 1; NaN of NaN
	Floor               // greatest integer not above x
	Ceil                // least integer not below x
	Round               // nearest integer, halves to even
	Relu                // 0 if x < 0, else x
	LeakyRelu           // x if x ≥ 0, else Alpha*x
	Elu                 // x if x > 0, else Alpha*(e^x - 1)
	Sigmoid             // 1/(1 + e^-x)
	HardSigmoid         // max(0, min(1, Alpha*x + Beta))
	Clip                // x, but Alpha if below that, and Beta if above that
	Tanh                // hyperbolic tangent
	Softplus            // log(1 + e^x)
	Softsign            // x/(1 + |x|)
	Silu                // x*Sigmoid(x)
	Gelu                // x*(1 + erf(x/√2))/2
	GeluTanh            // x*(1 + tanh(√(2/π)*(x + 0.044715x³)))/2
	Erf                 // error function
	Sin
	Cos
	Tan
	Asin
	Acos
	Atan
	Sinh
	Cosh
	unaryCount
)

// Unary applies a function to each element of a slice. In float32, Exp, Log,
// Sigmoid, Tanh, Softplus and Silu are built on polynomials, as in assembly are
// Elu, Gelu, GeluTanh and Erf; their error is at most 4 ULP (Gelu 7), and variants
// differ within that. The other transcendental functions are computed in float64 and
// rounded.
type Unary struct {
	Op          UnaryOp
	Alpha, Beta float64
}

// Apply computes dst[i] = f(src[i]) for i < len(dst). dst may be src.
func Apply[T Float](u Unary, dst, src []T) {
	src = src[:len(dst)]
	if row := loopsOf[T]().unary[u.Op]; row != nil {
		row(dst, src, T(u.Alpha), T(u.Beta))
		return
	}
	alpha, beta := T(u.Alpha), T(u.Beta)
	switch u.Op {
	case Neg:
		for i, x := range src {
			dst[i] = -x
		}
	case Abs:
		for i, x := range src {
			dst[i] = T(math.Abs(float64(x)))
		}
	case Sqrt:
		for i, x := range src {
			dst[i] = sqrt(x)
		}
	case Reciprocal:
		for i, x := range src {
			dst[i] = 1 / x
		}
	case Square:
		for i, x := range src {
			dst[i] = x * x
		}
	case Sign:
		for i, x := range src {
			dst[i] = sign(x)
		}
	case Relu:
		for i, x := range src {
			if x < 0 {
				x = 0
			}
			dst[i] = x
		}
	case LeakyRelu:
		for i, x := range src {
			if x < 0 {
				x *= alpha
			}
			dst[i] = x
		}
	case Elu:
		for i, x := range src {
			if x <= 0 {
				x = alpha * T(math.Expm1(float64(x)))
			}
			dst[i] = x
		}
	case HardSigmoid:
		for i, x := range src {
			dst[i] = max(0, min(1, T(alpha*x)+beta))
		}
	case Clip:
		for i, x := range src {
			if x < alpha {
				x = alpha
			}
			if x > beta {
				x = beta
			}
			dst[i] = x
		}
	case Softsign:
		for i, x := range src {
			dst[i] = x / (1 + T(math.Abs(float64(x))))
		}
	default:
		f := unaryFuncs[u.Op]
		for i, x := range src {
			dst[i] = T(f(float64(x)))
		}
	}
}

// unaryFuncs are the functions that are computed in float64.
var unaryFuncs = [unaryCount]func(float64) float64{
	Exp: math.Exp, Expm1: math.Expm1, Log: math.Log, Log1p: math.Log1p,
	Floor: math.Floor, Ceil: math.Ceil, Round: math.RoundToEven,
	Sigmoid: sigmoid, Tanh: math.Tanh, Softplus: softplus,
	Silu: silu, Gelu: gelu, GeluTanh: geluTanh, Erf: math.Erf,
	Sin: math.Sin, Cos: math.Cos, Tan: math.Tan,
	Asin: math.Asin, Acos: math.Acos, Atan: math.Atan,
	Sinh: math.Sinh, Cosh: math.Cosh,
}

// mathRows32 are the functions with a float32 form of their own.
var mathRows32 = [unaryCount]func(dst, src []float32, alpha, beta float32){
	Exp: each32(exp32), Log: each32(log32), Sigmoid: each32(sigmoid32), Tanh: each32(tanh32),
	Softplus: each32(softplus32), Silu: each32(silu32),
}

func each32(f func(x float32) float32) func(dst, src []float32, _, _ float32) {
	return func(dst, src []float32, _, _ float32) {
		for i, x := range src {
			dst[i] = f(x)
		}
	}
}

func sign[T Float](x T) T {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	default:
		return x // zero keeps its sign, NaN stays
	}
}

func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

func softplus(x float64) float64 {
	return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}

func gelu(x float64) float64 {
	if math.IsInf(x, -1) {
		return 0
	}
	return x * 0.5 * math.Erfc(-x/math.Sqrt2)
}

func geluTanh(x float64) float64 {
	if math.IsInf(x, -1) {
		return 0
	}
	const c = 0.7978845608028654 // √(2/π)
	return x * sigmoid(2*c*(x+float64(0.044715*x*x*x)))
}

func silu(x float64) float64 {
	if math.IsInf(x, -1) {
		return 0
	}
	return x * sigmoid(x)
}
