package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

// gemmCase builds a product of the given size, its operands stored transposed
// or not.
func gemmCase[T kernel.Float](m, n, k int, transA, transB bool, rng *rand.Rand) (*kernel.Gemm[T], *kerneltest.Buffer[T]) {
	ldc := n
	if n != 1 || m%8 == 2 {
		ldc += rng.IntN(3)
	}
	c := kerneltest.NaN[T](max(0, (m-1)*ldc+n))
	g := &kernel.Gemm[T]{
		M: m, N: n, K: k,
		RSA: k + rng.IntN(3), CSA: 1,
		RSB: n + rng.IntN(3), CSB: 1,
		C: c.Data, RSC: ldc,
	}
	if transA {
		g.RSA, g.CSA = 1, m+rng.IntN(3)
	}
	if transB {
		g.RSB, g.CSB = 1, k+rng.IntN(3)
	}
	g.A = kerneltest.Random[T](max(0, (m-1)*g.RSA+(k-1)*g.CSA+1), rng).Data
	g.B = kerneltest.Random[T](max(0, (k-1)*g.RSB+(n-1)*g.CSB+1), rng).Data
	return g, c
}

// naiveGemm computes a product in float64.
func naiveGemm[T kernel.Float](g *kernel.Gemm[T], c []T) []T {
	out := append([]T(nil), c...)
	alpha := float64(g.Alpha)
	if alpha == 0 {
		alpha = 1
	}
	for i := range g.M {
		for j := range g.N {
			sum := 0.0
			for p := range g.K {
				sum += float64(g.A[i*g.RSA+p*g.CSA]) * float64(g.B[p*g.RSB+j*g.CSB])
			}
			sum *= alpha
			if g.Beta != 0 {
				sum += float64(g.Beta) * float64(c[i*g.RSC+j])
			}
			if g.Bias != nil {
				sum += float64(g.Bias[j])
			}
			out[i*g.RSC+j] = T(sum)
		}
	}
	return out
}

func testGemm[T kernel.Float](t *testing.T, tol float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	pool := parallel.New(2)
	defer pool.Close()
	sizes := []int{0, 1, 2, 5, 6, 7, 13, 14, 15, 16, 17, 31, 32, 33, 65}
	depths := []int{0, 1, 2, 3, 7, 31, 320, 321}
	cases := 0
	check := func(m, n, k int, transA, transB bool) {
		cases++
		g, c := gemmCase[T](m, n, k, transA, transB, rng)
		switch cases % 4 {
		case 1:
			g.Alpha = 0.5
		case 2:
			g.Bias = kerneltest.Random[T](n, rng).Data
		case 3:
			g.Beta = []T{1, -0.25}[cases/4%2]
			copy(c.Data, kerneltest.Random[T](len(c.Data), rng).Data)
			if cases%8 == 3 {
				g.Bias = kerneltest.Random[T](n, rng).Data
			}
		}
		want := naiveGemm(g, c.Data)
		scratch := kerneltest.NaN[T](g.ScratchLen(pool.Threads()))
		g.Run(pool, scratch.Data)
		c.Check(t)
		scratch.Check(t)
		kerneltest.Close(t, kerneltest.Name("gemm", m, n, k, transA, transB, cases%8), c.Data, want, tol)
	}
	for _, m := range sizes {
		for _, n := range sizes {
			k := depths[rng.IntN(len(depths))]
			check(m, n, k, cases&1 == 1, cases&2 == 2)
		}
	}
	for _, k := range depths {
		for i := range 4 {
			check(33, 37, k, i&1 == 1, i&2 == 2)
		}
	}
	for _, n := range []int{63, 300, 1033} { // with a vector
		for i, k := range []int{40, 47, 64, 321, 650} {
			for trans := range 4 {
				check(1, n, k, trans&1 == 1, trans&2 == 2)
				check(n-i, 1, k, trans&1 == 1, trans&2 == 2)
			}
		}
	}
	check(130, 200, 650, false, false) // several blocks of rows and of depth
	check(29, 1030, 330, true, false)
	check(270, 200, 2, false, true)
	check(29, 4130, 2, false, true) // several blocks of columns
	check(29, 4130, 1, true, false)
	if kernel.VariantNames()[0] != "go" {
		t.Error("the definition is not the first variant")
	}
}

func TestGemm(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { testGemm[float32](t, 1e-5) })
		t.Run("float64", func(t *testing.T) { testGemm[float64](t, 1e-13) })
	})
}

// TestGemmThreads compares the bits of products on 1 to 4 threads.
func TestGemmThreads(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		for _, size := range [][3]int{{64, 128, 784}, {14, 500, 400}, {201, 67, 330}, {3, 1000, 40}} {
			rng := rand.New(rand.NewPCG(3, 4))
			g, _ := gemmCase[float32](size[0], size[1], size[2], false, size[0] == 201, rng)
			var want []float32
			for threads := 1; threads <= 4; threads++ {
				pool := parallel.New(threads)
				c := make([]float32, len(g.C))
				g.C = c
				g.Run(pool, make([]float32, g.ScratchLen(threads)))
				pool.Close()
				if want == nil {
					want = c
				}
				kerneltest.Identical(t, kerneltest.Name(size, "threads", threads), c, want)
			}
		}
	})
}

// TestGemmSpecialValues checks that NaN and infinities arrive where they
// belong and nowhere else.
func TestGemmSpecialValues(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		g, c := gemmCase[float32](17, 35, 9, false, false, rng)
		g.A[4*g.RSA+3] = float32(math.NaN())
		g.A[16*g.RSA] = float32(math.Inf(1))
		g.B[2*g.RSB+34] = float32(math.Inf(-1))
		want := naiveGemm(g, c.Data)
		g.Run(nil, make([]float32, g.ScratchLen(1)))
		kerneltest.Close(t, "gemm with NaN and Inf", c.Data, want, 1e-5)
	})
}

func TestBatch(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		for _, count := range []int{0, 1, 3, 9} {
			for _, threads := range []int{1, 3} {
				rng := rand.New(rand.NewPCG(7, 8))
				const m, n, k = 20, 33, 40
				b := &kernel.Batch[float32]{
					Gemm: kernel.Gemm[float32]{
						M: m, N: n, K: k, RSA: k, CSA: 1, RSB: n, CSB: 1, RSC: n,
						A: kerneltest.Random[float32](m*k*max(1, count), rng).Data,
						B: kerneltest.Random[float32](k*n, rng).Data,
					},
					Count: count, StrideA: m * k, StrideC: m * n,
				}
				c := kerneltest.NaN[float32](m * n * count)
				b.C = c.Data
				var want []float32
				for i := range count {
					one := b.Gemm
					one.A, one.C = b.A[i*m*k:], c.Data[i*m*n:][:m*n]
					want = append(want, naiveGemm(&one, one.C)...)
				}
				pool := parallel.New(threads)
				scratch := kerneltest.NaN[float32](b.ScratchLen(threads))
				b.Run(pool, scratch.Data)
				pool.Close()
				c.Check(t)
				scratch.Check(t)
				kerneltest.Close(t, kerneltest.Name("batch", count, threads), c.Data, want, 1e-5)
			}
		}
	})
}

func TestGemmAllocatesNothing(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		pool := parallel.New(2)
		defer pool.Close()
		g, _ := gemmCase[float32](64, 100, 330, false, true, rng)
		scratch := make([]float32, g.ScratchLen(2))
		if n := testing.AllocsPerRun(10, func() { g.Run(pool, scratch) }); n != 0 {
			t.Errorf("Run allocates %v times", n)
		}
		b := &kernel.Batch[float32]{Gemm: *g, Count: 4}
		b.StrideC = len(g.C)
		b.C = make([]float32, 4*len(g.C))
		scratch = make([]float32, b.ScratchLen(2))
		if n := testing.AllocsPerRun(10, func() { b.Run(pool, scratch) }); n != 0 {
			t.Errorf("Batch.Run allocates %v times", n)
		}
	})
}
