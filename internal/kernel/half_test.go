package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// TestHalfBits checks that all variants convert alike, all numbers of 16 bits
// and many of 32, and that what has been widened comes back.
func TestHalfBits(t *testing.T) {
	x := everyFloat32(9_973)
	short := make([]uint16, 1<<16)
	for i := range short {
		short[i] = uint16(i)
	}
	type result struct {
		f16, bf16         []uint16
		from, fromB, sums []float32
	}
	convert := func(n int) result {
		f, b := kerneltest.New[uint16](n), kerneltest.New[uint16](n)
		m := min(n, len(short))
		sums := kerneltest.Random[float32](m, rand.New(rand.NewPCG(1, 2)))
		g, c := kerneltest.NaN[float32](m), kerneltest.NaN[float32](m)
		kernel.ToFloat16(f.Data, x)
		kernel.ToBFloat16(b.Data, x)
		kernel.FromFloat16(g.Data, short)
		kernel.FromBFloat16(c.Data, short)
		kernel.AddFloat16(sums.Data, short)
		kernel.AddBFloat16(sums.Data, short)
		sums.Check(t)
		f.Check(t)
		b.Check(t)
		g.Check(t)
		c.Check(t)
		return result{f.Data, b.Data, g.Data, c.Data, sums.Data}
	}
	for _, n := range []int{0, 1, 7, 8, 13, len(x)} {
		restore := kernel.Use(kernel.Variants()[0])
		want := convert(n)
		restore()
		kerneltest.Each(t, func(t *testing.T) {
			got := convert(n)
			kerneltest.Identical(t, "float16", got.f16, want.f16)
			kerneltest.Identical(t, "bfloat16", got.bf16, want.bf16)
			kerneltest.Identical(t, "sums", got.sums, want.sums)
			for i, w := range want.from {
				if math.Float32bits(got.from[i]) != math.Float32bits(w) || math.Float32bits(got.fromB[i]) != math.Float32bits(want.fromB[i]) {
					t.Fatalf("%#x widens to %v and %v, want %v and %v", i, got.from[i], got.fromB[i], w, want.fromB[i])
				}
			}
		})
	}
	wide, back := make([]float32, len(short)), make([]uint16, len(short))
	kernel.FromFloat16(wide, short)
	kernel.ToFloat16(back, wide)
	for i, h := range back {
		if wide[i] == wide[i] && h != short[i] {
			t.Fatalf("%#x comes back as %#x", short[i], h)
		}
	}
}
