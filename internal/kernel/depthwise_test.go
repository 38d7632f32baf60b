package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// depthwiseCases are kernels of 3×3 over planes about the sizes of vectors and of
// strips of rows, and over planes of several bands.
func depthwiseCases() (all []kernel.Conv[float32]) {
	add := func(h, w, stride, before, after int) {
		all = append(all, kernel.Conv[float32]{
			N: 2, C: 2, H: h, W: w, M: 2, KH: 3, KW: 3, Groups: 2, StrideH: stride, StrideW: stride,
			PadTop: before, PadLeft: before, PadBottom: after, PadRight: after,
		})
	}
	for stride := 1; stride <= 2; stride++ {
		for w := 5; w < 21; w++ {
			add(4+w%11, w, stride, 1, 1)
			add(4+w%7, w, stride, 0, w%3)
		}
		uneven := all[len(all)-1]
		uneven.StrideH = 3 - stride
		all = append(all, uneven)
		add(71, 70, stride, 1, 1)
		add(300, 17, stride, 1, 0)
	}
	return all
}

// TestDepthwise compares the convolution of planes with the definition in
// float64.
func TestDepthwise(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		for _, conv := range depthwiseCases() {
			c := &conv
			rng := rand.New(rand.NewPCG(uint64(c.H), uint64(c.W)))
			x, w, bias := kerneltest.Random[float32](c.N*c.C*c.H*c.W, rng), kerneltest.Random[float32](c.M*9, rng), []float32{0.5, -2}
			n := c.N * c.M * c.OutH() * c.OutW()
			dy := kerneltest.Random[float32](n, rng)
			y, dx, dw := kerneltest.NaN[float32](n), kerneltest.NaN[float32](len(x.Data)), kerneltest.NaN[float32](len(w.Data))
			c.Forward(nil, y.Data, x.Data, w.Data, bias, kerneltest.NaN[float32](c.ScratchLen(kernel.ConvForward, 1)).Data)
			c.GradInput(nil, dx.Data, dy.Data, w.Data, kerneltest.NaN[float32](c.ScratchLen(kernel.ConvGradInput, 1)).Data)
			c.GradWeight(nil, dw.Data, x.Data, dy.Data, kerneltest.NaN[float32](c.ScratchLen(kernel.ConvGradWeight, 1)).Data)
			want, wantDx, wantDw := make([]float64, n), make([]float64, len(dx.Data)), make([]float64, len(dw.Data))
			for i := range want {
				want[i] = float64(bias[i/(c.OutH()*c.OutW())%c.M])
			}
			walkConv(c, func(iy, ix, iw int) {
				want[iy] += float64(x.Data[ix]) * float64(w.Data[iw])
				wantDx[ix] += float64(dy.Data[iy]) * float64(w.Data[iw])
				wantDw[iw] += float64(dy.Data[iy]) * float64(x.Data[ix])
			})
			for _, b := range []*kerneltest.Buffer[float32]{x, w, dy, y, dx, dw} {
				b.Check(t)
			}
			name := kerneltest.Name(c.H, c.W, c.StrideH, c.PadTop, c.PadRight)
			kerneltest.Close(t, name+" y", y.Data, float32s(want), 1e-5)
			kerneltest.Close(t, name+" dx", dx.Data, float32s(wantDx), 1e-5)
			kerneltest.Close(t, name+" dw", dw.Data, float32s(wantDw), 1e-4)
		}
	})
}

// TestDepthwiseLimits checks that activations that are limits have the bits of
// their elementwise kernels, with a residual and without, for special values too.
func TestDepthwiseLimits(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		special := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.Copysign(0, -1)), 1e-42}
		for _, conv := range depthwiseCases() {
			c := &conv
			rng := rand.New(rand.NewPCG(uint64(c.H), uint64(c.W)))
			x, w := kerneltest.Random[float32](c.N*c.C*c.H*c.W, rng).Data, kerneltest.Random[float32](c.M*9, rng).Data
			for i := 0; i < len(x); i += 1 + rng.IntN(40) {
				x[i] = special[rng.IntN(len(special))]
			}
			n := c.N * c.M * c.OutH() * c.OutW()
			scratch := make([]float32, c.ScratchLen(kernel.ConvForward, 1))
			for _, a := range []kernel.Unary{{Op: kernel.Relu}, {Op: kernel.Clip, Beta: 0.75}} {
				for _, residual := range [][]float32{nil, kerneltest.Random[float32](n, rng).Data} {
					c.Residual, c.Activation = residual, nil
					want, got := kerneltest.NaN[float32](n), kerneltest.NaN[float32](n)
					c.Forward(nil, want.Data, x, w, nil, scratch)
					kernel.Apply(a, want.Data, want.Data)
					c.Activation = &a
					c.Forward(nil, got.Data, x, w, nil, scratch)
					got.Check(t)
					kerneltest.Identical(t, kerneltest.Name(a.Op, c.H, c.W, c.StrideH), got.Data, want.Data)
				}
			}
		}
	})
}
