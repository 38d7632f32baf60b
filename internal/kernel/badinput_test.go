package kernel_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// TestBadProducts checks that matrices which lie outside their memory, however
// large the numbers that say so, are refused before anything is written.
func TestBadProducts(t *testing.T) {
	const huge = math.MaxInt
	float := func(change func(g *kernel.Gemm[float32])) func(c []float32) {
		return func(c []float32) {
			g := &kernel.Gemm[float32]{
				M: 2, N: 3, K: 4, A: make([]float32, 8), RSA: 4, CSA: 1, B: make([]float32, 12), RSB: 3, CSB: 1, C: c, RSC: 3,
			}
			change(g)
			g.Run(nil, make([]float32, 1<<16))
		}
	}
	bytes := func(change func(g *kernel.IntGemm[int8, int8])) func(c []float32) {
		return func(c []float32) {
			g := &kernel.IntGemm[int8, int8]{
				M: 2, N: 3, K: 4, A: make([]int8, 8), RSA: 4, CSA: 1, B: make([]int8, 12), RSB: 3, CSB: 1, Sum: make([]int32, 6), RSC: 3, Y: c,
			}
			change(g)
			g.Run(nil, make([]int32, 1<<16))
		}
	}
	half := func(change func(g *kernel.BFloat16Gemm)) func(c []float32) {
		return func([]float32) {
			g := &kernel.BFloat16Gemm{
				M: 2, N: 3, K: 4, A: make([]uint16, 8), RSA: 4, CSA: 1, B: make([]uint16, 12), RSB: 3, CSB: 1, C: make([]uint16, 6), RSC: 3,
			}
			change(g)
			g.Run(nil, make([]float32, 1<<16))
		}
	}
	const outside, size, overlap = "lies outside its", "matrix product of", "overlap"
	kerneltest.Each(t, func(t *testing.T) {
		for i, c := range []struct {
			run  func(c []float32)
			want string
		}{
			{float(func(g *kernel.Gemm[float32]) { g.M = -1 }), size},
			{float(func(g *kernel.Gemm[float32]) { g.K = -4 }), size},
			{float(func(g *kernel.Gemm[float32]) { g.M = huge }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.M, g.N, g.K = 1<<32, 1<<32, 1<<32 }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.M, g.N, g.K = 1<<31, 1<<31, 4 }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.K = 5 }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.RSA = huge }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.RSA = -4 }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.CSB = math.MinInt }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.RSB = 4 }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.RSC = 4 }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.RSC = 2 }), overlap},
			{float(func(g *kernel.Gemm[float32]) { g.K, g.RSC = 0, 4 }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.K, g.RSC = 0, 0 }), overlap},
			{float(func(g *kernel.Gemm[float32]) { g.B = nil }), outside},
			{float(func(g *kernel.Gemm[float32]) { g.Packed = g.PackB(make([]float32, g.PackedLen())); g.K-- }), "packed for another product"},
			{bytes(func(g *kernel.IntGemm[int8, int8]) { g.N = -1 }), size},
			{bytes(func(g *kernel.IntGemm[int8, int8]) { g.N = huge }), outside},
			{bytes(func(g *kernel.IntGemm[int8, int8]) { g.RSC = huge }), outside},
			{bytes(func(g *kernel.IntGemm[int8, int8]) { g.RSC = 1 }), overlap},
			{bytes(func(g *kernel.IntGemm[int8, int8]) { g.RSA = -1 }), outside},
			{bytes(func(g *kernel.IntGemm[int8, int8]) { g.K = 1 << 40 }), outside},
			{half(func(g *kernel.BFloat16Gemm) { g.M = -1 }), size},
			{half(func(g *kernel.BFloat16Gemm) { g.N = huge }), outside},
			{half(func(g *kernel.BFloat16Gemm) { g.RSB = huge }), outside},
			{half(func(g *kernel.BFloat16Gemm) { g.RSC = 2 }), overlap},
		} {
			out := kerneltest.NaN[float32](6)
			if got := panicOf(func() { c.run(out.Data) }); !strings.Contains(got, c.want) {
				t.Errorf("case %d: panic %q, want %q", i, got, c.want)
			}
			for _, v := range out.Data {
				if v == v {
					t.Errorf("case %d has written %v", i, out.Data)
					break
				}
			}
		}
	})
}

// panicOf is the text with which f panics; empty if it does not.
func panicOf(f func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}
