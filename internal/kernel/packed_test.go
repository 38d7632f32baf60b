package kernel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

// testPacked compares products of packed operands with those of operands as
// they are, bit for bit.
func testPacked[T kernel.Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	pool := parallel.New(2)
	defer pool.Close()
	for _, size := range [][3]int{{2, 1, 3}, {1, 100, 70}, {5, 17, 9}, {64, 33, 330}, {7, 4200, 2}, {3, 20, 0}, {0, 3, 2}} {
		for trans := range 2 {
			m, n, k := size[0], size[1], size[2]
			g, out := gemmCase[T](m, n, k, false, trans == 1, rng)
			scratch := make([]T, g.ScratchLen(2))
			g.Run(pool, scratch)
			want := append([]T(nil), out.Data...)
			memory := kerneltest.NaN[T](g.PackedLen())
			g.Packed = g.PackB(memory.Data)
			memory.Check(t)
			if m > 1 && k > 0 {
				g.B = nil
			}
			g.Run(pool, scratch)
			out.Check(t)
			kerneltest.Identical(t, kerneltest.Name("packed", size, trans), out.Data, want)
		}
	}
}

func TestPackB(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		t.Run("float32", testPacked[float32])
		t.Run("float64", testPacked[float64])
	})
}

// TestGemmBadArguments checks that arguments which do not fit each other panic
// before anything is written.
func TestGemmBadArguments(t *testing.T) {
	for name, spoil := range map[string]func(g *kernel.Gemm[float32]){
		"negative size":  func(g *kernel.Gemm[float32]) { g.M = -1 },
		"short A":        func(g *kernel.Gemm[float32]) { g.A = g.A[:len(g.A)-1] },
		"short B":        func(g *kernel.Gemm[float32]) { g.B = g.B[:len(g.B)-1] },
		"short C":        func(g *kernel.Gemm[float32]) { g.C = g.C[:len(g.C)-1] },
		"stride":         func(g *kernel.Gemm[float32]) { g.RSA = -3 },
		"hidden stride":  func(g *kernel.Gemm[float32]) { g.RSA, g.CSA = -1, 10 },
		"large stride":   func(g *kernel.Gemm[float32]) { g.RSB, g.CSB = 1<<62, 1 },
		"size":           func(g *kernel.Gemm[float32]) { g.K = 1 << 60 },
		"short bias":     func(g *kernel.Gemm[float32]) { g.Bias = make([]float32, g.N-1) },
		"short row bias": func(g *kernel.Gemm[float32]) { g.RowBias = make([]float32, g.M-1) },
		"short residual": func(g *kernel.Gemm[float32]) { g.Residual, g.RSR = make([]float32, g.M*g.N-1), g.N },
		"packed":         func(g *kernel.Gemm[float32]) { g.Packed = g.PackB(make([]float32, g.PackedLen())); g.K-- },
	} {
		t.Run(name, func(t *testing.T) {
			g := &kernel.Gemm[float32]{M: 9, N: 17, K: 5, RSA: 5, CSA: 1, RSB: 17, CSB: 1, RSC: 17}
			g.A, g.B, g.C = make([]float32, 45), make([]float32, 85), make([]float32, 153)
			g.C[0] = 7
			scratch := make([]float32, g.ScratchLen(1))
			spoil(g)
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
				if g.C[0] != 7 {
					t.Error("the result is written before the panic")
				}
			}()
			g.Run(nil, scratch)
		})
	}
}
