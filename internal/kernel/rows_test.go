package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

// rowFuncs are the functions of rows that variants write in their own way: of
// two inputs, of which the first is a softmax where it should be.
func rowFuncs[T kernel.Float](cols int) map[string]func(dst, a, b []T) {
	return map[string]func(dst, a, b []T){
		"softmax":     func(dst, a, _ []T) { kernel.Softmax(dst, a, cols) },
		"log softmax": func(dst, a, _ []T) { kernel.LogSoftmax(dst, a, cols) },
		"softmax gradient": func(dst, a, b []T) {
			kernel.Softmax(dst, a, cols)
			kernel.SoftmaxGrad(dst, dst, b, cols)
		},
		"log softmax gradient": func(dst, a, b []T) {
			kernel.LogSoftmax(dst, a, cols)
			kernel.LogSoftmaxGrad(dst, dst, b, cols)
		},
	}
}

func widened(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func narrowed(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

// TestRows compares functions of rows with what they are in float64.
func TestRows(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for cols := 1; cols < 200; cols += 1 + cols/20 {
			const rows = 3
			exact := rowFuncs[float64](cols)
			for name, f := range rowFuncs[float32](cols) {
				a, b := kerneltest.Random[float32](rows*cols, rng), kerneltest.Random[float32](rows*cols, rng)
				for i := range a.Data {
					a.Data[i] *= 10
				}
				want := make([]float64, rows*cols)
				exact[name](want, widened(a.Data), widened(b.Data))
				dst := kerneltest.NaN[float32](rows * cols)
				f(dst.Data, a.Data, b.Data)
				dst.Check(t)
				kerneltest.Close(t, kerneltest.Name(name, cols), dst.Data, narrowed(want), 1e-6)
				f(a.Data, a.Data, b.Data)
				a.Check(t)
				kerneltest.Identical(t, kerneltest.Name(name, "in place", cols), a.Data, dst.Data)
			}
		}
	})
}

func TestRowsExtremes(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	kerneltest.Each(t, func(t *testing.T) {
		for cols := 3; cols < 40; cols++ {
			for at := range cols {
				for _, v := range []float32{inf, nan} {
					x := make([]float32, cols)
					x[at] = v
					y := kerneltest.New[float32](cols)
					kernel.Softmax(y.Data, x, cols)
					y.Check(t)
					for _, p := range y.Data {
						if p == p {
							t.Fatalf("softmax of a row of %d with %v at %d holds %v", cols, v, at, p)
						}
					}
				}
				x := make([]float32, cols)
				for i := range x {
					x[i] = -1000
				}
				x[at] = 1000
				kernel.Softmax(x, x, cols)
				for i, p := range x {
					if (i == at) != (p == 1) || i != at && p != 0 {
						t.Fatalf("softmax of one great value at %d of %d is %v at %d", at, cols, p, i)
					}
				}
			}
		}
	})
}

// TestNormRows compares normalizations in float32 with float64, and checks that
// threads change no bit.
func TestNormRows(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for _, rms := range []bool{false, true} {
			for _, bias := range []bool{false, true} {
				for _, size := range [][2]int{{0, 8}, {3, 5}, {2, 8}, {5, 9}, {3, 15}, {130, 33}, {3, 100}, {200, 768}} {
					rows, cols := size[0], size[1]
					random := func(n int) []float32 { return kerneltest.Random[float32](n, rng).Data }
					x, dy, gain, shift := random(rows*cols), random(rows*cols), random(cols), random(cols)
					exact := &kernel.LayerNorm[float64]{Cols: cols, Epsilon: 1e-5, RMS: rms, Gain: widened(gain)}
					l := &kernel.LayerNorm[float32]{Cols: cols, Epsilon: 1e-5, RMS: rms, Gain: gain}
					if bias && !rms {
						exact.Bias, l.Bias = widened(shift), shift
					}
					wantY, wantX := make([]float64, rows*cols), make([]float64, rows*cols)
					wantMean, wantInv := make([]float64, rows), make([]float64, rows)
					wantGain, wantBias := make([]float64, cols), make([]float64, cols)
					exact.Forward(wantY, widened(x), wantMean, wantInv)
					exact.Backward(nil, wantX, wantGain, wantBias, widened(dy), widened(x), wantMean, wantInv, make([]float64, exact.ScratchLen(rows)))

					name := kerneltest.Name("rms", rms, "bias", bias, rows, cols)
					var first []float32
					for threads := 1; threads <= 3; threads++ {
						y, dx := kerneltest.NaN[float32](rows*cols), kerneltest.NaN[float32](rows*cols)
						mean, inv := kerneltest.New[float32](rows), kerneltest.NaN[float32](rows)
						dGain, dBias := kerneltest.NaN[float32](cols), kerneltest.NaN[float32](cols)
						scratch := kerneltest.NaN[float32](l.ScratchLen(rows))
						pool := parallel.New(threads)
						l.Forward(y.Data, x, mean.Data, inv.Data)
						l.Backward(pool, dx.Data, dGain.Data, dBias.Data, dy, x, mean.Data, inv.Data, scratch.Data)
						pool.Close()
						var all []float32
						for _, b := range []*kerneltest.Buffer[float32]{y, dx, mean, inv, dGain, dBias, scratch} {
							b.Check(t)
							all = append(all, b.Data...)
						}
						kerneltest.Close(t, name+": y", y.Data, narrowed(wantY), 2e-6)
						kerneltest.Close(t, name+": statistics", append(mean.Data, inv.Data...), narrowed(append(wantMean, wantInv...)), 1e-6)
						kerneltest.Close(t, name+": dx", dx.Data, narrowed(wantX), 5e-6)
						kerneltest.Close(t, name+": dGain", dGain.Data, narrowed(wantGain), 5e-6)
						if !rms {
							kerneltest.Close(t, name+": dBias", dBias.Data, narrowed(wantBias), 5e-6)
						}
						if first == nil {
							first = all
						}
						kerneltest.Identical(t, name+": threads", all, first)
					}
					l.Forward(x, x, make([]float32, rows), make([]float32, rows))
					kerneltest.Close(t, name+": in place", x, narrowed(wantY), 2e-6)
				}
			}
		}
	})
}

func TestNormGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const rows, cols = 3, 7
	for _, rms := range []bool{false, true} {
		random := func(n int) []float64 { return kerneltest.Random[float64](n, rng).Data }
		l := &kernel.LayerNorm[float64]{Cols: cols, Epsilon: 1e-3, RMS: rms, Gain: random(cols), Bias: random(cols)}
		x, dy, mean, inv := random(rows*cols), random(rows*cols), make([]float64, rows), make([]float64, rows)
		forward := func() []float64 {
			y := make([]float64, len(x))
			l.Forward(y, x, mean, inv)
			return y
		}
		forward()
		dx, dGain, dBias := make([]float64, len(x)), make([]float64, cols), make([]float64, cols)
		l.Backward(nil, dx, dGain, dBias, dy, x, mean, inv, make([]float64, l.ScratchLen(rows)))
		checkGrad(t, "gradient", dx, x, dy, forward)
		checkGrad(t, "gain gradient", dGain, l.Gain, dy, forward)
		checkGrad(t, "bias gradient", dBias, l.Bias, dy, forward)
	}
}
