package kernel_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// BenchmarkGemm reports, beside the rate, the share of what a loop of fused
// multiply-adds in registers reaches, which runs in turns with the product.
func BenchmarkGemm(b *testing.B) {
	for _, s := range [][3]int{
		{256, 256, 256},
		{512, 512, 512},
		{1024, 1024, 1024},
		{2048, 2048, 2048}, // M, N, K
		{64, 128, 784},
		{256, 128, 784},
		{64, 10, 128},
		{784, 128, 64},
		{64, 784, 128},
		{64, 512, 128},
		{1, 1000, 2048},
		{1, 512, 512},
		{256, 1, 512},
		{64, 256, 784},
		{20, 512, 128},
		{128, 128, 64},
	} {
		for _, trans := range []string{"NN", "TN", "NT"} {
			rng := rand.New(rand.NewPCG(1, 1))
			g, _ := gemmCase[float32](s[0], s[1], s[2], trans == "TN", trans == "NT", rng)
			b.Run(kerneltest.Name(s)+trans, func(b *testing.B) {
				scratch := make([]float32, g.ScratchLen(1))
				ops := 2 * s[0] * s[1] * s[2]
				rounds := max(1, 1_000_000/ops)
				best, limit := 0.0, 0.0
				g.Run(nil, scratch)
				for b.Loop() {
					start := time.Now()
					for range rounds {
						g.Run(nil, scratch)
					}
					best = max(best, float64(rounds*ops)/float64(time.Since(start)))
					start = time.Now()
					n := kernel.FMALimit(1_000_000)
					limit = max(limit, float64(n)/float64(time.Since(start)))
				}
				b.ReportMetric(best, "GFLOP/s")
				b.ReportMetric(100*best/limit, "%limit")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
