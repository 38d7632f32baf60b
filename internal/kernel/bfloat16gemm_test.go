package kernel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

// TestBFloat16Gemm compares with the product in float32 of the widened
// operands, up to the last rounding.
func TestBFloat16Gemm(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		pool := parallel.New(2)
		defer pool.Close()
		cases := 0
		for _, s := range [][3]int{{0, 3, 2}, {3, 0, 2}, {2, 3, 0}, {1, 1, 1}, {1, 50, 70}, {6, 17, 33}, {70, 40, 330}, {45, 1, 64}} {
			for trans := range 4 {
				cases++
				full, c := gemmCase[float32](s[0], s[1], s[2], trans&1 != 0, trans&2 != 0, rng)
				narrow := func(x []float32) []uint16 {
					h := kerneltest.New[uint16](len(x)).Data
					kernel.ToBFloat16(h, x)
					kernel.FromBFloat16(x, h)
					return h
				}
				out := kerneltest.New[uint16](len(c.Data))
				g := &kernel.BFloat16Gemm{
					M: full.M, N: full.N, K: full.K, A: narrow(full.A), RSA: full.RSA, CSA: full.CSA,
					B: narrow(full.B), RSB: full.RSB, CSB: full.CSB, C: out.Data, RSC: full.RSC,
				}
				if cases%2 == 0 {
					full.Bias = kerneltest.Random[float32](s[1], rng).Data
					g.Bias = full.Bias
				}
				if s[0] != 1 && s[1] != 1 { // products with a vector may sum in another order
					full.Run(nil, make([]float32, full.ScratchLen(1)))
				} else {
					copy(c.Data, naiveGemm(full, c.Data))
				}
				scratch := kerneltest.NaN[float32](g.ScratchLen(2))
				g.Run(pool, scratch.Data)
				out.Check(t)
				scratch.Check(t)
				got, want := make([]float32, len(out.Data)), c.Data
				kernel.FromBFloat16(got, out.Data)
				for i := range s[0] {
					kerneltest.Close(t, kerneltest.Name("bfloat16", s, trans), got[i*g.RSC:][:s[1]], want[i*g.RSC:][:s[1]], 1./256)
				}
			}
		}
	})
}
