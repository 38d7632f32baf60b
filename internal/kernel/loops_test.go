package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// elementwise runs every elementwise kernel that variants may write in their
// own way, on n elements, and returns all results.
func elementwise(t *testing.T, n int) []float32 {
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	special := []float32{
		0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)),
		float32(math.NaN()), 1e-42, -1e-42, 1e38, -100, 89,
	}
	random := func() *kerneltest.Buffer[float32] {
		b := kerneltest.Random[float32](n, rng)
		for i := range b.Data {
			b.Data[i] *= 12
			if rng.IntN(4) == 0 {
				b.Data[i] = special[rng.IntN(len(special))]
			}
		}
		return b
	}
	var out []float32
	keep := func(buffers ...*kerneltest.Buffer[float32]) {
		t.Helper()
		for _, b := range buffers {
			b.Check(t)
			out = append(out, b.Data...)
		}
	}
	for _, c := range unaryCases {
		x := random()
		kernel.Apply(c.u, x.Data, x.Data)
		if x.Check(t); c.ulp < 2 || c.u.Op == kernel.Softsign { // the others have bounds, not bits
			keep(x)
		}
	}
	for op := kernel.Add; op <= kernel.Min; op++ {
		for _, steps := range [][2]int{{1, 1}, {1, 0}, {0, 1}} {
			a, b, dst := random(), random(), kerneltest.NaN[float32](n)
			kernel.Zip(op, dst.Data, a.Data, steps[0], b.Data, steps[1])
			keep(a, b, dst)
		}
		a, b := random(), random()
		kernel.Zip(op, a.Data, a.Data, 1, b.Data, 1)
		kernel.Zip(op, b.Data, a.Data, 1, b.Data, 1)
		keep(a, b)
	}
	for op := kernel.Equal; op <= kernel.GreaterEqual; op++ {
		for _, steps := range [][2]int{{1, 1}, {1, 0}, {0, 1}} {
			a, b, bits, dst := random(), random(), kerneltest.New[uint8](n), kerneltest.NaN[float32](n)
			kernel.Compare(op, bits.Data, a.Data, steps[0], b.Data, steps[1])
			bits.Check(t)
			kernel.Where(dst.Data, bits.Data, 1, b.Data, steps[0], a.Data, steps[1])
			keep(dst)
			kernel.Where(a.Data, bits.Data, 1, a.Data, 1, b.Data, steps[1])
			keep(a, b)
		}
	}
	a, b := random(), random()
	kernel.AddScaled(a.Data, 0.3, b.Data)
	keep(a, b)
	for _, f := range reduceFuncs {
		for _, s := range [][2]int{{n, 1}, {67 * n, 1}, {3, n}, {300, n}} {
			src, dst := kerneltest.Random[float32](s[0]*s[1], rng), kerneltest.NaN[float32](s[1])
			if f.op == kernel.ReduceMax || f.op == kernel.ReduceMin {
				for range len(src.Data) / 20 {
					src.Data[rng.IntN(len(src.Data))] = special[rng.IntN(len(special))]
				}
			}
			r := &kernel.Reduce[float32]{Op: f.op, Outer: 1, Len: s[0], Inner: s[1], Dst: dst.Data, Src: src.Data}
			scratch := kerneltest.NaN[float32](r.ScratchLen())
			r.Run(nil, scratch.Data)
			src.Check(t)
			scratch.Check(t)
			keep(dst)
		}
	}

	p, g, m, v := random(), random(), random(), random()
	kernel.StepSGD(&kernel.SGD{Rate: 0.1}, p.Data, g.Data, nil)
	kernel.StepSGD(&kernel.SGD{Rate: 0.1, Momentum: 0.9, Dampening: 0.2, WeightDecay: 0.01}, p.Data, g.Data, m.Data)
	keep(p, g, m)
	for _, s := range []kernel.SGD{
		{Rate: 0.1, WeightDecay: 0.01},
		{Rate: 0.1, Momentum: 0.9, WeightDecay: 0.01, Nesterov: true},
		{Rate: 0.1, Momentum: 0.9, Nesterov: true, First: true},
	} {
		p, g, m := random(), random(), random()
		kernel.StepSGD(&s, p.Data, g.Data, m.Data)
		keep(p, g, m)
	}
	for _, r := range []kernel.RMSProp{
		{Rate: 0.1, Decay: 0.9, Epsilon: 1e-8, WeightDecay: 0.1},
		{Rate: 0.1, Decay: 0.9, Epsilon: 1e-8, Momentum: 0.5},
		{Rate: 0.1, Decay: 0.9, Epsilon: 1e-8, Centered: true},
		{Rate: 0.1, Decay: 0.9, Epsilon: 1e-8, Centered: true, Momentum: 0.5},
	} {
		p, g, square, mean, buf := random(), random(), random(), random(), random()
		kernel.StepRMSProp(&r, p.Data, g.Data, square.Data, mean.Data, buf.Data)
		keep(p, g, square, mean, buf)
	}
	p, g, m = random(), random(), random()
	kernel.StepAdam(&kernel.Adam{Rate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.1, Step: 3}, p.Data, g.Data, m.Data, v.Data)
	keep(p, g, m, v)
	return out
}

// TestElementwiseBits checks that all variants give the definition's bits, for
// all lengths about the width of a vector.
func TestElementwiseBits(t *testing.T) {
	for n := range 35 {
		restore := kernel.Use(kernel.Variants()[0])
		want := elementwise(t, n)
		restore()
		kerneltest.Each(t, func(t *testing.T) {
			got := elementwise(t, n)
			for i, w := range want {
				if g := got[i]; math.Float32bits(g) != math.Float32bits(w) && (g == g || w == w) {
					t.Fatalf("length %d: result %d is %v, want the same bits as %v", n, i, g, w)
				}
			}
		})
	}
}

func TestElementwiseAllocatesNothing(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		x, y, m, v := make([]float32, 100), make([]float32, 100), make([]float32, 100), make([]float32, 100)
		bits := make([]uint8, 100)
		sgd := &kernel.SGD{Rate: 0.1, Momentum: 0.9}
		adam := &kernel.Adam{Rate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Step: 1}
		n := testing.AllocsPerRun(10, func() {
			kernel.Apply(kernel.Unary{Op: kernel.Tanh}, y, x)
			kernel.Zip(kernel.Add, y, y, 1, x, 1)
			kernel.Zip(kernel.Mul, y, y, 1, x, 0)
			kernel.Compare(kernel.Greater, bits, x, 1, y, 0)
			kernel.Compare(kernel.Less, bits, x, 1, y, 1)
			kernel.Where(v, bits, 1, x, 1, y, 0)
			kernel.StepSGD(sgd, x, y, m)
			kernel.StepAdam(adam, x, y, m, v)
			kernel.Softmax(y, x, 10)
			kernel.LogSoftmax(y, x, 10)
		})
		if n != 0 {
			t.Errorf("elementwise kernels allocate %v times", n)
		}
	})
}

func BenchmarkStep(b *testing.B) {
	const n = 1 << 16
	p, g, m, v := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	for _, variant := range kernel.Variants() {
		b.Run(variant.Name+"/adam", func(b *testing.B) {
			defer kernel.Use(variant)()
			b.SetBytes(4 * n)
			for b.Loop() {
				kernel.StepAdam(&kernel.Adam{Rate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Step: 1}, p, g, m, v)
			}
		})
		b.Run(variant.Name+"/add", func(b *testing.B) {
			defer kernel.Use(variant)()
			b.SetBytes(12 * n)
			for b.Loop() {
				kernel.Zip(kernel.Add, p, g, 1, m, 1)
			}
		})
	}
}
