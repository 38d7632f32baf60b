package kernel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

// TestConvPacked checks that weights packed and scaled before give the bits of
// those scaled at each call, and of a convolution with scaled weights.
func TestConvPacked(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		pool := parallel.New(2)
		defer pool.Close()
		for _, conv := range convCases {
			c := &conv
			rng := rand.New(rand.NewPCG(5, 6))
			x := kerneltest.Random[float32](c.N*c.C*c.H*c.W, rng).Data
			k := c.C / max(1, c.Groups) * c.KH * c.KW
			w := kerneltest.Random[float32](c.M*k, rng)
			bias := kerneltest.Random[float32](c.M, rng).Data
			scale := kerneltest.Random[float32](c.M, rng).Data
			scaled := make([]float32, len(w.Data))
			for i, v := range w.Data {
				scaled[i] = v * scale[i/k]
			}
			n := c.N * c.M * c.OutH() * c.OutW()
			scratch := make([]float32, c.ScratchLen(kernel.ConvForward, 2))
			want, got := kerneltest.NaN[float32](n), kerneltest.NaN[float32](n)
			c.Forward(pool, want.Data, x, scaled, bias, scratch)
			c.Scale = scale
			c.Forward(pool, got.Data, x, w.Data, bias, scratch)
			name := kerneltest.Name(c.N, c.C, c.H, c.W, c.M, c.KH, c.KW)
			kerneltest.Identical(t, name+" scaled", got.Data, want.Data)

			packed := kerneltest.NaN[float32](c.PackedLen())
			c.Pack(pool, packed.Data, w.Data)
			packed.Check(t)
			w.Check(t)
			got = kerneltest.NaN[float32](n)
			c.Packed, c.Scale = packed.Data, nil
			c.Forward(pool, got.Data, x, nil, bias, scratch)
			got.Check(t)
			kerneltest.Identical(t, name+" packed", got.Data, want.Data)
		}
	})
}
