package kernel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

// convCases covers strides, dilations, uneven and negative padding, groups,
// depthwise, one dimension, pointwise and more channels than a block of rows.
var convCases = []kernel.Conv[float32]{
	{N: 2, C: 3, H: 7, W: 9, M: 4, KH: 3, KW: 3},
	{N: 2, C: 3, H: 7, W: 9, M: 5, KH: 3, KW: 2, PadTop: 1, PadLeft: 1, PadBottom: 2},
	{N: 1, C: 2, H: 11, W: 13, M: 3, KH: 3, KW: 5, StrideH: 2, StrideW: 3, PadTop: 2, PadLeft: 3, PadRight: 1},
	{N: 3, C: 4, H: 10, W: 10, M: 6, KH: 3, KW: 3, DilationH: 2, DilationW: 3, PadLeft: 4, PadRight: 4, Groups: 2},
	{N: 2, C: 6, H: 8, W: 8, M: 12, KH: 3, KW: 3, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, Groups: 6},
	{N: 2, C: 4, H: 9, W: 8, M: 4, KH: 3, KW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, Groups: 4},
	{N: 2, C: 5, H: 1, W: 40, M: 7, KH: 1, KW: 4, StrideW: 2, PadLeft: 3},
	{N: 2, C: 33, H: 6, W: 7, M: 20, KH: 1, KW: 1},
	{N: 2, C: 8, H: 6, W: 7, M: 9, KH: 1, KW: 1, StrideH: 2, StrideW: 2},
	{N: 1, C: 40, H: 5, W: 5, M: 35, KH: 3, KW: 3, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
	{N: 2, C: 3, H: 20, W: 21, M: 4, KH: 3, KW: 3, PadTop: -1, PadRight: -2},
	{N: 1, C: 2, H: 3, W: 3, M: 340, KH: 2, KW: 2, PadTop: 3, PadLeft: 3, PadBottom: 3, PadRight: 3},
	{N: 18, C: 2, H: 6, W: 6, M: 3, KH: 5, KW: 5},
	{N: 1, C: 30, H: 5, W: 57, M: 9, KH: 3, KW: 3, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
	{N: 5, C: 3, H: 14, W: 14, M: 6, KH: 5, KW: 5},
	{N: 11, C: 3, H: 7, W: 7, M: 5, KH: 3, KW: 3, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
	{N: 9, C: 4, H: 9, W: 9, M: 8, KH: 3, KW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, Groups: 2},
	{N: 1, C: 300, H: 18, W: 17, M: 18, KH: 1, KW: 1},
	{N: 9, C: 20, H: 13, W: 13, M: 18, KH: 1, KW: 1, StrideH: 2, StrideW: 2},
	{N: 2, C: 3, H: 15, W: 61, M: 5, KH: 7, KW: 7, StrideH: 2, StrideW: 2, PadTop: 3, PadBottom: 3, PadLeft: 3, PadRight: 3},
	{N: 2, C: 2, H: 9, W: 30, M: 4, KH: 3, KW: 3, StrideH: 3, StrideW: 3, PadLeft: 2, Groups: 2},
	{N: 2, C: 3, H: 9, W: 49, M: 3, KH: 5, KW: 5, PadTop: 2, PadBottom: 2, PadLeft: 2, PadRight: 2, Groups: 3},
	{N: 2, C: 2, H: 4, W: 3, M: 3, KH: 5, KW: 1},                            // does not fit: no output
	{N: 2, C: 2, H: 4, W: 3, M: 3, KH: 1, KW: 2, PadLeft: -2, PadRight: -1}, // nothing left
	{N: 0, C: 2, H: 4, W: 3, M: 3, KH: 1, KW: 1},
}

// walkConv calls f for every product of a convolution with the indices of its
// y, x and w.
func walkConv(c *kernel.Conv[float32], f func(y, x, w int)) {
	g, oh, ow := max(1, c.Groups), c.OutH(), c.OutW()
	sh, sw, dh, dw := max(1, c.StrideH), max(1, c.StrideW), max(1, c.DilationH), max(1, c.DilationW)
	cg, mg := c.C/g, c.M/g
	for n := range c.N {
		for m := range c.M {
			for i := range oh {
				for j := range ow {
					for ch := range cg {
						for r := range c.KH {
							for s := range c.KW {
								h, w := i*sh+r*dh-c.PadTop, j*sw+s*dw-c.PadLeft
								if h < 0 || h >= c.H || w < 0 || w >= c.W {
									continue
								}
								f(((n*c.M+m)*oh+i)*ow+j, ((n*c.C+m/mg*cg+ch)*c.H+h)*c.W+w, ((m*cg+ch)*c.KH+r)*c.KW+s)
							}
						}
					}
				}
			}
		}
	}
}

func TestConv(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		for _, conv := range convCases {
			c := &conv
			rng := rand.New(rand.NewPCG(1, 2))
			ny := c.N * c.M * c.OutH() * c.OutW()
			nw := c.M * c.C / max(1, c.Groups) * c.KH * c.KW
			x := kerneltest.Random[float32](c.N*c.C*c.H*c.W, rng)
			w := kerneltest.Random[float32](nw, rng)
			dy := kerneltest.Random[float32](ny, rng)
			bias := kerneltest.Random[float32](c.M, rng)

			want := make([][]float64, 3)
			want[0], want[1], want[2] = make([]float64, ny), make([]float64, len(x.Data)), make([]float64, nw)
			for i := range want[0] {
				want[0][i] = float64(bias.Data[i/(c.OutH()*c.OutW())%c.M])
			}
			walkConv(c, func(iy, ix, iw int) {
				want[0][iy] += float64(x.Data[ix]) * float64(w.Data[iw])
				want[1][ix] += float64(dy.Data[iy]) * float64(w.Data[iw])
				want[2][iw] += float64(dy.Data[iy]) * float64(x.Data[ix])
			})

			for pass, name := range []string{"forward", "input gradient", "weight gradient"} {
				var first []float32
				for threads := 1; threads <= 4; threads++ {
					pool := parallel.New(threads)
					out := kerneltest.NaN[float32](len(want[pass]))
					scratch := kerneltest.NaN[float32](c.ScratchLen(kernel.ConvPass(pass), threads))
					switch kernel.ConvPass(pass) {
					case kernel.ConvForward:
						c.Forward(pool, out.Data, x.Data, w.Data, bias.Data, scratch.Data)
					case kernel.ConvGradInput:
						c.GradInput(pool, out.Data, dy.Data, w.Data, scratch.Data)
					case kernel.ConvGradWeight:
						c.GradWeight(pool, out.Data, x.Data, dy.Data, scratch.Data)
					}
					pool.Close()
					out.Check(t)
					scratch.Check(t)
					if first == nil {
						first = out.Data
						kerneltest.Close(t, kerneltest.Name(name, conv), out.Data, float32s(want[pass]), 1e-5)
					}
					kerneltest.Identical(t, kerneltest.Name(name, conv, "threads", threads), out.Data, first)
				}
			}
		}
	})
}

// TestConvEpilogue checks that a residual and an activation have the bits of
// their elementwise kernels.
func TestConvEpilogue(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		for _, conv := range convCases {
			c := &conv
			rng := rand.New(rand.NewPCG(3, 4))
			x := kerneltest.Random[float32](c.N*c.C*c.H*c.W, rng).Data
			w := kerneltest.Random[float32](c.M*c.C/max(1, c.Groups)*c.KH*c.KW, rng).Data
			bias := kerneltest.Random[float32](c.M, rng).Data
			n := c.N * c.M * c.OutH() * c.OutW()
			residual := kerneltest.Random[float32](n, rng).Data
			want, got := kerneltest.NaN[float32](n), kerneltest.NaN[float32](n)
			scratch := make([]float32, c.ScratchLen(kernel.ConvForward, 2))
			c.Forward(nil, want.Data, x, w, bias, scratch)
			kernel.Zip(kernel.Add, want.Data, want.Data, 1, residual, 1)
			kernel.Apply(kernel.Unary{Op: kernel.Relu}, want.Data, want.Data)
			c.Residual, c.Activation = residual, &kernel.Unary{Op: kernel.Relu}
			pool := parallel.New(2)
			c.Forward(pool, got.Data, x, w, bias, scratch)
			pool.Close()
			got.Check(t)
			kerneltest.Identical(t, kerneltest.Name("epilogue", c.N, c.C, c.H, c.W, c.M), got.Data, want.Data)
		}
	})
}

func float32s(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

func TestConvOverwritesWithoutBias(t *testing.T) {
	c := &kernel.Conv[float64]{N: 1, C: 1, H: 3, W: 3, M: 1, KH: 2, KW: 2}
	y := kerneltest.NaN[float64](4)
	c.Forward(nil, y.Data, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, []float64{1, 0, 0, 10}, nil,
		make([]float64, c.ScratchLen(kernel.ConvForward, 1)))
	kerneltest.Identical(t, "2×2 kernel", y.Data, []float64{51, 62, 84, 95})
}

func TestConvAllocatesNothing(t *testing.T) {
	pool := parallel.New(2)
	defer pool.Close()
	for _, conv := range []kernel.Conv[float32]{convCases[1], convCases[4], convCases[5]} {
		c := &conv
		y := make([]float32, c.N*c.M*c.OutH()*c.OutW())
		x := make([]float32, c.N*c.C*c.H*c.W)
		w := make([]float32, c.M*c.C/max(1, c.Groups)*c.KH*c.KW)
		scratch := make([]float32, c.ScratchLen(kernel.ConvForward, 2)+c.ScratchLen(kernel.ConvGradInput, 2)+c.ScratchLen(kernel.ConvGradWeight, 2))
		n := testing.AllocsPerRun(10, func() {
			c.Forward(pool, y, x, w, nil, scratch)
			c.GradInput(pool, x, y, w, scratch)
			c.GradWeight(pool, w, x, y, scratch)
		})
		if n != 0 {
			t.Errorf("%v allocates %v times", conv, n)
		}
	}
}

// BenchmarkConv runs LeNet's second convolution on 64 images.
func BenchmarkConv(b *testing.B) {
	c := &kernel.Conv[float32]{N: 64, C: 20, H: 12, W: 12, M: 50, KH: 5, KW: 5}
	y := make([]float32, c.N*c.M*c.OutH()*c.OutW())
	x := make([]float32, c.N*c.C*c.H*c.W)
	w := make([]float32, c.M*c.C*c.KH*c.KW)
	passes := []struct {
		name string
		run  func(scratch []float32)
	}{
		{"Forward", func(s []float32) { c.Forward(nil, y, x, w, nil, s) }},
		{"GradInput", func(s []float32) { c.GradInput(nil, x, y, w, s) }},
		{"GradWeight", func(s []float32) { c.GradWeight(nil, w, x, y, s) }},
	}
	for _, v := range kernel.Variants() {
		for i, p := range passes {
			b.Run(v.Name+"/"+p.name, func(b *testing.B) {
				defer kernel.Use(v)()
				scratch := make([]float32, c.ScratchLen(kernel.ConvPass(i), 1))
				for b.Loop() {
					p.run(scratch)
				}
				b.ReportMetric(2*float64(len(y)*20*25)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}
