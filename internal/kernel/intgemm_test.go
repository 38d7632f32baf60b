package kernel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

// randomBytes returns n numbers of a byte type in a buffer with guards, many of
// them the least and the greatest.
func randomBytes[T kernel.Byte](n int, rng *rand.Rand) []T {
	edge := T(127)
	edges := []T{0, edge, edge + 1, 2*edge + 1} // the extremes of either type
	out := kerneltest.New[T](n).Data
	for i := range out {
		out[i] = T(rng.IntN(256))
		if rng.IntN(4) == 0 {
			out[i] = edges[rng.IntN(len(edges))]
		}
	}
	return out
}

// testIntGemm compares products with sums in int64.
func testIntGemm[A, B kernel.Byte](t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	pool := parallel.New(2)
	defer pool.Close()
	cases := 0
	for _, s := range [][3]int{
		{0, 3, 2},
		{3, 0, 2},
		{2, 3, 0},
		{1, 1, 1},
		{5, 9, 2},
		{6, 16, 3},
		{7, 17, 31},
		{13, 40, 64},
		{61, 33, 7},
		{130, 70, 645},
		{3, 100, 1281},
		{64, 8, 33},
	} {
		for trans := range 4 {
			m, n, k := s[0], s[1], s[2]
			cases++
			g := &kernel.IntGemm[A, B]{M: m, N: n, K: k, RSA: k + 1, CSA: 1, RSB: n + 2, CSB: 1, RSC: n + cases%2}
			if trans&1 != 0 {
				g.RSA, g.CSA = 1, m+1
			}
			if trans&2 != 0 {
				g.RSB, g.CSB = 1, k
			}
			g.A = randomBytes[A](max(0, (m-1)*g.RSA+(k-1)*g.CSA+1), rng)
			g.B = randomBytes[B](max(0, (k-1)*g.RSB+(n-1)*g.CSB+1), rng)
			switch cases % 3 {
			case 1:
				g.ZeroA, g.ZeroB = A(rng.IntN(256)), randomBytes[B](n, rng)
			case 2:
				g.ZeroB = randomBytes[B](1, rng)
			}
			sums := kerneltest.New[int32](max(0, (m-1)*g.RSC+n))
			g.Sum = sums.Data
			var y *kerneltest.Buffer[float32]
			if cases%2 == 0 {
				y = kerneltest.NaN[float32](len(g.Sum))
				g.Y, g.Scale = y.Data, kerneltest.Random[float32](n, rng).Data
				g.Bias = kerneltest.Random[float32](n, rng).Data
			}
			scratch := kerneltest.New[int32](g.ScratchLen(2))
			for i := range scratch.Data {
				scratch.Data[i] = rng.Int32()
			}
			want := append([]int32(nil), g.Sum...)
			var wantY []float32
			if y != nil {
				wantY = append(wantY, g.Y...)
			}
			for i := range m {
				for j := range n {
					var sum, zero int64
					switch len(g.ZeroB) {
					case 0:
					case 1:
						zero = int64(g.ZeroB[0])
					default:
						zero = int64(g.ZeroB[j])
					}
					for p := range k {
						sum += (int64(g.A[i*g.RSA+p*g.CSA]) - int64(g.ZeroA)) * (int64(g.B[p*g.RSB+j*g.CSB]) - zero)
					}
					want[i*g.RSC+j] = int32(sum)
					if y != nil {
						wantY[i*g.RSC+j] = float32(float32(sum)*g.Scale[j]) + g.Bias[j]
					}
				}
			}
			g.Run(pool, scratch.Data)
			sums.Check(t)
			scratch.Check(t)
			kerneltest.Identical(t, kerneltest.Name(s, "transposed", trans), g.Sum, want)
			if y != nil {
				y.Check(t)
				kerneltest.Identical(t, kerneltest.Name(s, "scaled", trans), g.Y, wantY)
			}
		}
	}
}

func TestIntGemm(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		t.Run("uint8×int8", testIntGemm[uint8, int8])
		t.Run("int8×int8", testIntGemm[int8, int8])
		t.Run("uint8×uint8", testIntGemm[uint8, uint8])
	})
}

// TestIntGemmExtremes sums the greatest products there are.
func TestIntGemmExtremes(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		const m, n, k = 7, 18, 1001
		g := &kernel.IntGemm[uint8, int8]{M: m, N: n, K: k, RSA: k, CSA: 1, RSB: n, CSB: 1, RSC: n, ZeroB: []int8{127}}
		g.A, g.B, g.Sum = make([]uint8, m*k), make([]int8, k*n), make([]int32, m*n)
		for i := range g.A {
			g.A[i] = 255
		}
		for i := range g.B {
			g.B[i] = -128
		}
		g.Run(nil, make([]int32, g.ScratchLen(1)))
		for i, v := range g.Sum {
			if v != -255*255*k {
				t.Fatalf("sum %d is %d, want %d", i, v, -255*255*k)
			}
		}
	})
}
