package kernel_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

// reduceFuncs are the reductions as a start value and a step.
var reduceFuncs = []struct {
	op    kernel.ReduceOp
	start float64
	step  func(acc, x float64) float64
}{
	{kernel.ReduceSum, 0, func(acc, x float64) float64 { return acc + x }},
	{kernel.ReduceProd, 1, func(acc, x float64) float64 { return acc * x }},
	{kernel.ReduceMax, math.Inf(-1), func(acc, x float64) float64 { return max(acc, x) }},
	{kernel.ReduceMin, math.Inf(1), func(acc, x float64) float64 { return min(acc, x) }},
}

func TestReduce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	shapes := [][3]int{{1, 0, 3}, {0, 4, 1}, {1, 1, 1}, {3, 7, 1}, {2, 8, 5}, {5, 1030, 3}, {1, 40_000, 1}, {2, 3000, 7}}
	for _, f := range reduceFuncs {
		for _, s := range shapes {
			src := kerneltest.Random[float32](s[0]*s[1]*s[2], rng)
			want := make([]float32, s[0]*s[2])
			for i := range want {
				acc := f.start
				for k := range s[1] {
					acc = f.step(acc, float64(src.Data[(i/s[2]*s[1]+k)*s[2]+i%s[2]]))
				}
				want[i] = float32(acc)
			}
			var first []float32
			for threads := 1; threads <= 4; threads++ {
				r := &kernel.Reduce[float32]{Op: f.op, Outer: s[0], Len: s[1], Inner: s[2], Src: src.Data}
				dst := kerneltest.NaN[float32](s[0] * s[2])
				scratch := kerneltest.NaN[float32](r.ScratchLen())
				r.Dst = dst.Data
				pool := parallel.New(threads)
				r.Run(pool, scratch.Data)
				pool.Close()
				dst.Check(t)
				scratch.Check(t)
				if first == nil {
					first = dst.Data
				}
				kerneltest.Close(t, kerneltest.Name("reduction", f.op, s), dst.Data, want, 1e-5)
				kerneltest.Identical(t, kerneltest.Name("reduction", f.op, s, "threads", threads), dst.Data, first)
			}
		}
	}
}

// TestReduceAccuracy sums numbers of which a running float32 sum loses many.
func TestReduceAccuracy(t *testing.T) {
	src := make([]float32, 1<<20)
	for i := range src {
		src[i] = 0.1
	}
	r := &kernel.Reduce[float32]{Outer: 1, Len: len(src), Inner: 1, Dst: make([]float32, 1), Src: src}
	r.Run(nil, make([]float32, r.ScratchLen()))
	want := float64(len(src)) * float64(float32(0.1))
	if got := float64(r.Dst[0]); math.Abs(got-want) > 1e-6*want {
		t.Errorf("sum %v, want %v", got, want)
	}
}

func TestReduceNaNAndIntegers(t *testing.T) {
	for _, op := range []kernel.ReduceOp{kernel.ReduceMax, kernel.ReduceMin} {
		for at := range 20 {
			src := make([]float64, 20)
			src[at] = math.NaN()
			r := &kernel.Reduce[float64]{Op: op, Outer: 1, Len: 20, Inner: 1, Dst: make([]float64, 1), Src: src}
			r.Run(nil, nil)
			if !math.IsNaN(r.Dst[0]) {
				t.Errorf("reduction %d hides the NaN at %d", op, at)
			}
		}
	}
	ints := []int8{3, -128, 127, 5}
	for op, want := range map[kernel.ReduceOp]int8{kernel.ReduceMax: 127, kernel.ReduceMin: -128, kernel.ReduceSum: 7} {
		r := &kernel.Reduce[int8]{Op: op, Outer: 1, Len: 4, Inner: 1, Dst: make([]int8, 1), Src: ints}
		if r.Run(nil, nil); r.Dst[0] != want {
			t.Errorf("reduction %d of bytes is %d, want %d", op, r.Dst[0], want)
		}
	}
}

func TestArg(t *testing.T) {
	nan := math.NaN()
	cases := []struct {
		src            []float64
		max, maxLast   int64
		least, minLast int64
	}{
		{[]float64{1}, 0, 0, 0, 0},
		{[]float64{1, 3, 3, 1}, 1, 2, 0, 3},
		{[]float64{2, nan, 5, nan}, 1, 3, 1, 3},
		{[]float64{math.Inf(-1), math.Inf(1), 0}, 1, 1, 0, 0},
	}
	for _, c := range cases {
		for _, inner := range []int{1, 3, 600} {
			var src []float64
			for _, v := range c.src {
				for range inner {
					src = append(src, v)
				}
			}
			for i, want := range []int64{c.max, c.maxLast, c.least, c.minLast} {
				a := &kernel.Arg[float64]{Min: i >= 2, Last: i%2 == 1, Outer: 1, Len: len(c.src), Inner: inner, Src: src}
				a.Dst = make([]int64, inner)
				a.Run(nil)
				if !slices.Equal(a.Dst, slices.Repeat([]int64{want}, inner)) {
					t.Errorf("%v: min %v, last %v: %v, want %d", c.src, a.Min, a.Last, a.Dst, want)
				}
			}
		}
	}
}

// TestArgAsDefined compares random values, of which many are equal, with a search of
// each column.
func TestArgAsDefined(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	values := []float32{-1, 0, float32(math.Copysign(0, -1)), 1, 2, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
	kerneltest.Each(t, func(t *testing.T) {
		for range 200 {
			a := &kernel.Arg[float32]{
				Min: rng.IntN(2) == 0, Last: rng.IntN(2) == 0,
				Outer: rng.IntN(3), Len: 1 + rng.IntN(40), Inner: 1 + rng.IntN(3),
			}
			kinds := 1 + rng.IntN(len(values))
			a.Src, a.Dst = make([]float32, a.Outer*a.Len*a.Inner), make([]int64, a.Outer*a.Inner)
			for i := range a.Src {
				a.Src[i] = values[rng.IntN(kinds)]
			}
			a.Run(nil)
			for i, got := range a.Dst {
				column := func(r int) float64 { return float64(a.Src[(i/a.Inner*a.Len+r)*a.Inner+i%a.Inner]) }
				want := 0
				for r := 1; r < a.Len; r++ {
					order := cmp.Compare(column(r), column(want)) // NaN is below all
					if a.Min || math.IsNaN(column(r)) != math.IsNaN(column(want)) {
						order = -order
					}
					if order > 0 || order == 0 && a.Last {
						want = r
					}
				}
				if got != int64(want) {
					t.Fatalf("%+v: result %d is %d, want %d", *a, i, got, want)
				}
			}
		}
	})
}

func BenchmarkArg(b *testing.B) {
	for _, s := range [][3]int{{1000, 10, 1}, {64, 1000, 1}, {1, 21, 1 << 16}} {
		a := &kernel.Arg[float32]{Outer: s[0], Len: s[1], Inner: s[2]}
		a.Src, a.Dst = make([]float32, s[0]*s[1]*s[2]), make([]int64, s[0]*s[2])
		for i := range a.Src {
			a.Src[i] = float32(i * 7919 % 1009)
		}
		b.Run(fmt.Sprint(s), func(b *testing.B) {
			b.SetBytes(int64(4 * len(a.Src)))
			for b.Loop() {
				a.Run(nil)
			}
		})
	}
}
