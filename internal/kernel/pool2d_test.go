package kernel_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

var poolCases = []kernel.Pool2D[float64]{
	{N: 2, C: 3, H: 6, W: 8, OutH: 3, OutW: 4, KH: 2, KW: 2, StrideH: 2, StrideW: 2},
	{N: 1, C: 2, H: 7, W: 7, OutH: 4, OutW: 4, KH: 3, KW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1},
	{N: 1, C: 1, H: 6, W: 6, OutH: 3, OutW: 4, KH: 3, KW: 2, StrideH: 2, StrideW: 2, PadLeft: 1, PadRight: 1}, // ceiling mode
	{N: 1, C: 2, H: 9, W: 10, OutH: 7, OutW: 5, KH: 2, KW: 3, DilationH: 2, DilationW: 3, PadLeft: 1},
	{N: 1, C: 1, H: 1, W: 12, OutH: 1, OutW: 10, KH: 1, KW: 3},
	{N: 2, C: 20, H: 24, W: 24, OutH: 12, OutW: 12, KH: 2, KW: 2, StrideH: 2, StrideW: 2},
}

// eachWindow calls f with the output index, the input indices inside the plane
// and the number of elements inside the padded plane, for every window.
func eachWindow(p *kernel.Pool2D[float64], f func(out int, in []int, padded int)) {
	sh, sw, dh, dw := max(1, p.StrideH), max(1, p.StrideW), max(1, p.DilationH), max(1, p.DilationW)
	for o := range p.N * p.C * p.OutH * p.OutW {
		plane, i, j := o/(p.OutH*p.OutW), o/p.OutW%p.OutH, o%p.OutW
		var in []int
		padded := 0
		for r := range p.KH {
			for s := range p.KW {
				h, w := i*sh+r*dh-p.PadTop, j*sw+s*dw-p.PadLeft
				if h < p.H+p.PadBottom && w < p.W+p.PadRight {
					padded++
				}
				if h >= 0 && h < p.H && w >= 0 && w < p.W {
					in = append(in, (plane*p.H+h)*p.W+w)
				}
			}
		}
		f(o, in, padded)
	}
}

func TestPool2D(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pool := parallel.New(2)
	defer pool.Close()
	for _, c := range poolCases {
		p := &c
		name := kerneltest.Name(p.H, p.W, p.KH, p.KW, p.StrideH, p.PadTop)
		nx, ny := p.N*p.C*p.H*p.W, p.N*p.C*p.OutH*p.OutW
		x := make([]float64, nx)
		for i := range x {
			x[i] = float64(rng.IntN(9)) // ties
		}
		dy := kerneltest.Random[float64](ny, rng).Data

		y, dx := kerneltest.NaN[float64](ny), kerneltest.NaN[float64](nx)
		index := make([]int64, ny)
		p.Max(pool, y.Data, index, x)
		if !p.MaxGrad(pool, dx.Data, dy, index) {
			t.Errorf("%s: an index lies outside its plane", name)
		}
		y.Check(t)
		dx.Check(t)
		want, wantDx := make([]float64, ny), make([]float64, nx)
		alone := make([]float64, ny)
		p.Max(nil, alone, nil, x)
		kerneltest.Identical(t, name+" max without index", alone, y.Data)
		eachWindow(p, func(out int, in []int, _ int) {
			best := slices.MaxFunc(in, func(a, b int) int {
				if x[a] != x[b] {
					return int(x[a] - x[b])
				}
				return b - a // the first of equal values
			})
			want[out] = x[best]
			wantDx[best] += dy[out]
			if int64(best) != index[out] {
				t.Fatalf("%s: maximum of window %d is at %d, want %d", name, out, index[out], best)
			}
		})
		kerneltest.Identical(t, name+" max", y.Data, want)
		kerneltest.Close(t, name+" max gradient", dx.Data, wantDx, 1e-15)

		for _, p.CountPad = range []bool{false, true} {
			clear(want)
			clear(wantDx)
			eachWindow(p, func(out int, in []int, padded int) {
				n := float64(len(in))
				if p.CountPad {
					n = float64(padded)
				}
				for _, i := range in {
					want[out] += x[i] / n
					wantDx[i] += dy[out] / n
				}
			})
			p.Mean(pool, y.Data, x)
			p.MeanGrad(pool, dx.Data, dy)
			y.Check(t)
			dx.Check(t)
			kerneltest.Close(t, name+" mean", y.Data, want, 1e-14)
			kerneltest.Close(t, name+" mean gradient", dx.Data, wantDx, 1e-14)
		}
	}
}

// TestMaxOfHalves compares the loop for 2×2 windows with the general one, which
// runs on single rows of windows because of their vertical stride.
func TestMaxOfHalves(t *testing.T) {
	values := []float64{0, 1, 2, math.NaN(), math.Inf(1), math.Inf(-1)}
	rng := rand.New(rand.NewPCG(3, 4))
	const h, w = 6, 9
	p := &kernel.Pool2D[float64]{N: 1, C: 60, H: h, W: w, OutH: 3, OutW: 4, KH: 2, KW: 2, StrideH: 2, StrideW: 2}
	x := make([]float64, p.C*h*w)
	for i := range x {
		x[i] = values[rng.IntN(len(values))]
	}
	n := p.C * p.OutH * p.OutW
	y, want, index, wantIndex := make([]float64, n), make([]float64, n), make([]int64, n), make([]int64, n)
	p.Max(nil, y, index, x)
	general := *p
	general.OutH, general.OutW = 1, 4 // one row of windows of a taller plane
	general.H = 3
	for c := range p.C {
		for i := range p.OutH {
			rows := append(append([]float64(nil), x[(c*h+2*i)*w:][:2*w]...), make([]float64, w)...)
			general.C, general.StrideH = 1, 3
			at := (c*p.OutH + i) * p.OutW
			general.Max(nil, want[at:at+4], wantIndex[at:at+4], rows)
			for j := range 4 {
				wantIndex[at+j] += int64((c*h + 2*i) * w)
			}
		}
	}
	kerneltest.Identical(t, "maxima", y, want)
	kerneltest.Identical(t, "positions", index, wantIndex)
}

func BenchmarkMax(b *testing.B) {
	p := &kernel.Pool2D[float32]{N: 64, C: 20, H: 24, W: 24, OutH: 12, OutW: 12, KH: 2, KW: 2, StrideH: 2, StrideW: 2}
	x := kerneltest.Random[float32](64*20*24*24, rand.New(rand.NewPCG(1, 2))).Data
	y, index := make([]float32, len(x)/4), make([]int64, len(x)/4)
	b.SetBytes(int64(4 * len(x)))
	for b.Loop() {
		p.Max(nil, y, index, x)
	}
}

func TestPool2DNaNAndEmptyWindows(t *testing.T) {
	nan := math.NaN()
	p := &kernel.Pool2D[float64]{N: 1, C: 1, H: 1, W: 4, OutH: 1, OutW: 3, KH: 1, KW: 2, StrideW: 2}
	y, index := make([]float64, 3), make([]int64, 3)
	p.Max(nil, y, index, []float64{1, nan, math.Inf(-1), math.Inf(-1)})
	kerneltest.Identical(t, "max", y, []float64{nan, math.Inf(-1), math.Inf(-1)})
	if want := []int64{1, 2, -1}; !slices.Equal(index, want) {
		t.Errorf("index %v, want %v", index, want)
	}
	dx := []float64{nan, nan, nan, nan}
	if !p.MaxGrad(nil, dx, []float64{1, 2, 3}, index) {
		t.Error("an index lies outside its plane")
	}
	kerneltest.Identical(t, "max gradient", dx, []float64{0, 1, 2, 0})
	if p.MaxGrad(nil, dx, []float64{1, 2, 3}, []int64{0, 4, -1}) {
		t.Error("index 4 of a plane of 4 is not noticed")
	}
	p.Mean(nil, y, []float64{1, 2, 3, 4})
	kerneltest.Identical(t, "mean", y, []float64{1.5, 3.5, 0})
}

// TestPool2DVariants compares the variants with the definition, bit by bit, for
// widths about those of vectors and for values that compare oddly.
func TestPool2DVariants(t *testing.T) {
	special := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.Inf(-1)), 1e-42}
	run := func(t *testing.T, w int) (y, mean []float32, index []int64) {
		for _, c := range []kernel.Pool2D[float32]{
			{KH: 2, KW: 2, StrideH: 2, StrideW: 2, OutH: 3, OutW: w / 2},
			{KH: 3, KW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, OutH: 4, OutW: (w + 1) / 2},
			{KH: 3, KW: 3, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, OutH: 7, OutW: w, CountPad: true},
			{KH: 2, KW: 3, DilationH: 2, DilationW: 2, StrideW: 3, PadLeft: 3, OutH: 5, OutW: w/3 + 1},
		} {
			p := &c
			p.N, p.C, p.H, p.W = 2, 3, 7, w
			rng := rand.New(rand.NewPCG(uint64(w), 1))
			x := kerneltest.Random[float32](p.N*p.C*p.H*p.W, rng)
			for i := range x.Data {
				if rng.IntN(3) == 0 {
					x.Data[i] = special[rng.IntN(len(special))]
				}
			}
			n := p.N * p.C * p.OutH * p.OutW
			out, at := kerneltest.NaN[float32](n), kerneltest.New[int64](n)
			p.Max(nil, out.Data, at.Data, x.Data)
			out.Check(t)
			at.Check(t)
			y, index = append(y, out.Data...), append(index, at.Data...)
			x = kerneltest.Random[float32](p.N*p.C*p.H*p.W, rng)
			p.Mean(nil, out.Data, x.Data)
			out.Check(t)
			mean = append(mean, out.Data...)
		}
		return y, mean, index
	}
	for w := 2; w < 60; w++ {
		restore := kernel.Use(kernel.Variants()[0])
		y, mean, index := run(t, w)
		restore()
		kerneltest.Each(t, func(t *testing.T) {
			gotY, gotMean, gotIndex := run(t, w)
			for i := range y {
				if gotY[i] != y[i] && (gotY[i] == gotY[i] || y[i] == y[i]) || gotIndex[i] != index[i] {
					t.Fatalf("width %d: maximum %d is %v at %d, want %v at %d", w, i, gotY[i], gotIndex[i], y[i], index[i])
				}
			}
			kerneltest.Close(t, kerneltest.Name("mean", w), gotMean, mean, 1e-6)
		})
	}
}
