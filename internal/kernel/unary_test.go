package kernel_test

import (
	"flag"
	"math"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// unaryCases says what each function is in float64 and how many ULP of float32
// it may be off.
var unaryCases = []struct {
	name string
	u    kernel.Unary
	f    func(x float64) float64
	ulp  float64
}{
	{"neg", kernel.Unary{Op: kernel.Neg}, func(x float64) float64 { return -x }, 0},
	{"abs", kernel.Unary{Op: kernel.Abs}, math.Abs, 0},
	{"sqrt", kernel.Unary{Op: kernel.Sqrt}, math.Sqrt, 0.5},
	{"exp", kernel.Unary{Op: kernel.Exp}, math.Exp, 2},
	{"expm1", kernel.Unary{Op: kernel.Expm1}, math.Expm1, 0.51},
	{"log", kernel.Unary{Op: kernel.Log}, math.Log, 2},
	{"clip", kernel.Unary{Op: kernel.Clip, Alpha: -1, Beta: 2}, func(x float64) float64 { return min(max(x, -1), 2) }, 0},
	{"log1p", kernel.Unary{Op: kernel.Log1p}, math.Log1p, 0.51},
	{"reciprocal", kernel.Unary{Op: kernel.Reciprocal}, func(x float64) float64 { return 1 / x }, 0.5},
	{"square", kernel.Unary{Op: kernel.Square}, func(x float64) float64 { return x * x }, 0.5},
	{"sign", kernel.Unary{Op: kernel.Sign}, func(x float64) float64 {
		if x == 0 || math.IsNaN(x) {
			return x
		}
		return math.Copysign(1, x)
	}, 0},
	{"floor", kernel.Unary{Op: kernel.Floor}, math.Floor, 0},
	{"ceil", kernel.Unary{Op: kernel.Ceil}, math.Ceil, 0},
	{"round", kernel.Unary{Op: kernel.Round}, math.RoundToEven, 0},
	{"relu", kernel.Unary{Op: kernel.Relu}, func(x float64) float64 { return max(x, 0) }, 0},
	{"leaky relu", kernel.Unary{Op: kernel.LeakyRelu, Alpha: 0.125}, func(x float64) float64 { return max(x, x/8) }, 0.5},
	{"elu", kernel.Unary{Op: kernel.Elu, Alpha: 1}, func(x float64) float64 {
		if x <= 0 {
			return math.Expm1(x)
		}
		return x
	}, 2},
	{"sigmoid", kernel.Unary{Op: kernel.Sigmoid}, func(x float64) float64 {
		if x < 0 {
			return math.Exp(x) / (1 + math.Exp(x))
		}
		return 1 / (1 + math.Exp(-x))
	}, 4},
	{"hard sigmoid", kernel.Unary{Op: kernel.HardSigmoid, Alpha: 0.25, Beta: 0.5}, func(x float64) float64 {
		return max(0, min(1, float64(float32(x/4))+0.5))
	}, 1},
	{"tanh", kernel.Unary{Op: kernel.Tanh}, math.Tanh, 4},
	{"softplus", kernel.Unary{Op: kernel.Softplus}, func(x float64) float64 {
		return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
	}, 4},
	{"softsign", kernel.Unary{Op: kernel.Softsign}, func(x float64) float64 { return x / (1 + math.Abs(x)) }, 2},
	{"silu", kernel.Unary{Op: kernel.Silu}, func(x float64) float64 {
		if x < 0 {
			if e := math.Exp(x); e > 0 {
				return x * e / (1 + e)
			}
			return 0
		}
		return x / (1 + math.Exp(-x))
	}, 4},
	{"gelu", kernel.Unary{Op: kernel.Gelu}, func(x float64) float64 {
		if math.IsInf(x, -1) {
			return 0
		}
		return x / 2 * math.Erfc(-x/math.Sqrt2)
	}, 7},
	{"gelu tanh", kernel.Unary{Op: kernel.GeluTanh}, func(x float64) float64 {
		if math.IsInf(x, -1) {
			return 0
		}
		z := 2 * math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x)
		if z < 0 {
			if e := math.Exp(z); e > 0 {
				return x * e / (1 + e)
			}
			return 0
		}
		return x / (1 + math.Exp(-z))
	}, 4},
	{"erf", kernel.Unary{Op: kernel.Erf}, math.Erf, 2},
	{"sin", kernel.Unary{Op: kernel.Sin}, math.Sin, 0.51},
	{"cos", kernel.Unary{Op: kernel.Cos}, math.Cos, 0.51},
	{"tan", kernel.Unary{Op: kernel.Tan}, math.Tan, 0.51},
	{"asin", kernel.Unary{Op: kernel.Asin}, math.Asin, 0.51},
	{"acos", kernel.Unary{Op: kernel.Acos}, math.Acos, 0.51},
	{"atan", kernel.Unary{Op: kernel.Atan}, math.Atan, 0.51},
	{"sinh", kernel.Unary{Op: kernel.Sinh}, math.Sinh, 0.51},
	{"cosh", kernel.Unary{Op: kernel.Cosh}, math.Cosh, 0.51},
}

// everyFloat32 returns numbers of all signs and exponents, denormals,
// infinities and NaN among them.
func everyFloat32(step uint64) []float32 {
	special := []float32{0, float32(math.Copysign(0, -1)), 1, -1, 88.72283, 88.72284, -87.3, -103.9, -104, 17, -17, 0.625, 10}
	out := append([]float32(nil), special...)
	for b := uint64(0); b < 1<<32; b += step {
		out = append(out, math.Float32frombits(uint32(b)))
	}
	return append(out, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()))
}

func TestUnaryULP(t *testing.T) {
	dense, sparse := everyFloat32(39_119), everyFloat32(390_119)
	kerneltest.Each(t, func(t *testing.T) {
		for _, c := range unaryCases {
			x := sparse
			if c.ulp >= 2 { // a polynomial
				x = dense
			}
			y := kerneltest.NaN[float32](len(x))
			kernel.Apply(c.u, y.Data, x)
			y.Check(t)
			worst, at := farthest(c.f, y.Data, x)
			if worst > c.ulp {
				t.Errorf("%s(%v) = %v, want %v: %.2f ULP, want at most %v",
					c.name, x[at], y.Data[at], c.f(float64(x[at])), worst, c.ulp)
			}
		}
	})
}

// farthest is the greatest distance of y from f(x) in ULP, and where it is.
func farthest(f func(x float64) float64, y, x []float32) (worst float64, at int) {
	for i, v := range x {
		if e := kerneltest.ULP(y[i], f(float64(v))); e > worst {
			worst, at = e, i
		}
	}
	return worst, at
}

var exhaustive = flag.Bool("exhaustive", false, "compare functions at every float32, which takes minutes for each")

// TestUnaryEverywhere compares the functions that are polynomials at every
// float32, and prints how far they are off.
func TestUnaryEverywhere(t *testing.T) {
	if !*exhaustive {
		t.Skip("without -exhaustive")
	}
	const block = 1 << 16
	x, y := make([]float32, block), make([]float32, block)
	kerneltest.Each(t, func(t *testing.T) {
		for _, c := range unaryCases {
			if c.ulp < 2 {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				worst, where := 0.0, float32(0)
				for first := uint64(0); first < 1<<32; first += block {
					for i := range x {
						x[i] = math.Float32frombits(uint32(first) + uint32(i))
					}
					kernel.Apply(c.u, y, x)
					if e, at := farthest(c.f, y, x); e > worst {
						worst, where = e, x[at]
					}
				}
				t.Logf("at most %.3f ULP, at %v", worst, where)
				if worst > c.ulp {
					t.Errorf("want at most %v", c.ulp)
				}
			})
		}
	})
}

func TestUnaryFloat64AndAliasing(t *testing.T) {
	for _, c := range unaryCases {
		for _, n := range []int{0, 1, 3, 129, 300} {
			x := kerneltest.New[float64](n)
			want := make([]float64, n)
			for i := range x.Data {
				x.Data[i] = float64(i-n/2) / 50
				want[i] = c.f(x.Data[i])
			}
			if c.name == "hard sigmoid" {
				continue // its case rounds to float32
			}
			kernel.Apply(c.u, x.Data, x.Data)
			x.Check(t)
			kerneltest.Close(t, c.name, x.Data, want, 1e-15)
		}
	}
}

func BenchmarkUnary(b *testing.B) {
	x := make([]float32, 1<<14)
	for i := range x {
		x[i] = float32(i%200-100) / 10
	}
	y := make([]float32, len(x))
	for _, c := range unaryCases {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(8 * len(x)))
			for b.Loop() {
				kernel.Apply(c.u, y, x)
			}
		})
	}
}
