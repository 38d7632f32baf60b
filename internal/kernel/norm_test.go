package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/internal/parallel"
)

// checkGrad compares a gradient with central differences of sum(weight*f(x)).
func checkGrad(t *testing.T, what string, grad, x, weight []float64, f func() []float64) {
	t.Helper()
	want := make([]float64, len(x))
	for i := range x {
		const h = 1e-5
		v := x[i]
		x[i] = v + h
		up := f()
		x[i] = v - h
		down := f()
		x[i] = v
		for j, w := range weight {
			want[i] += w * (up[j] - down[j]) / (2 * h)
		}
	}
	kerneltest.Close(t, what, grad, want, 1e-7)
}

func TestSoftmax(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, cols := range []int{1, 2, 7, 300, 1500} {
		x := kerneltest.Random[float64](3*cols, rng)
		want, wantLog := make([]float64, len(x.Data)), make([]float64, len(x.Data))
		for r := range 3 {
			sum := 0.0
			for _, v := range x.Data[r*cols:][:cols] {
				sum += math.Exp(v)
			}
			for c, v := range x.Data[r*cols:][:cols] {
				want[r*cols+c], wantLog[r*cols+c] = math.Exp(v)/sum, v-math.Log(sum)
			}
		}
		y, log := kerneltest.NaN[float64](len(want)), kerneltest.NaN[float64](len(want))
		kernel.Softmax(y.Data, x.Data, cols)
		kernel.LogSoftmax(log.Data, x.Data, cols)
		y.Check(t)
		log.Check(t)
		kerneltest.Close(t, "softmax", y.Data, want, 1e-14)
		kerneltest.Close(t, "log softmax", log.Data, wantLog, 1e-14)
	}
	kernel.Softmax[float32](nil, nil, 4)
}

func TestSoftmaxExtremes(t *testing.T) {
	inf := float32(math.Inf(1))
	x := []float32{1000, 1000, -1000, -inf, 0, 0, inf, 0, 0}
	kernel.Softmax(x, x, 3)
	nan := float32(math.NaN())
	kerneltest.Identical(t, "softmax", x, []float32{0.5, 0.5, 0, 0, 0.5, 0.5, nan, nan, nan})
}

func TestLayerNorm(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const rows, cols = 3, 7
	for _, affine := range []bool{false, true} {
		l := &kernel.LayerNorm[float64]{Cols: cols, Epsilon: 1e-5}
		if affine {
			l.Gain, l.Bias = kerneltest.Random[float64](cols, rng).Data, kerneltest.Random[float64](cols, rng).Data
		}
		x := kerneltest.Random[float64](rows*cols, rng).Data
		y := kerneltest.NaN[float64](rows * cols)
		mean, inv := make([]float64, rows), make([]float64, rows)
		l.Forward(y.Data, x, mean, inv)
		y.Check(t)
		want := make([]float64, len(x))
		for r := range rows {
			row := x[r*cols:][:cols]
			var sum, squares float64
			for _, v := range row {
				sum += v
			}
			for _, v := range row {
				squares += (v - sum/cols) * (v - sum/cols)
			}
			for c, v := range row {
				v = (v - sum/cols) / math.Sqrt(squares/cols+1e-5)
				if affine {
					v = v*l.Gain[c] + l.Bias[c]
				}
				want[r*cols+c] = v
			}
		}
		kerneltest.Close(t, "layer norm", y.Data, want, 1e-13)
	}
}

func TestBatchNorm(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, shape := range [][3]int{{4, 3, 5}, {6, 2, 1}, {1, 4, 9}} {
		n, c, s := shape[0], shape[1], shape[2]
		x := kerneltest.Random[float64](n*c*s, rng).Data
		b := &kernel.BatchNorm[float64]{
			N: n, C: c, S: s, Epsilon: 1e-3,
			Gain: kerneltest.Random[float64](c, rng).Data, Bias: kerneltest.Random[float64](c, rng).Data,
			Mean: make([]float64, c), Var: make([]float64, c),
		}
		forward := func() []float64 {
			out := make([]float64, len(x))
			b.Forward(nil, out, x)
			return out
		}
		y := forward()
		want := make([]float64, len(x))
		for ch := range c {
			var sum, squares float64
			each := func(f func(i int)) {
				for i := range n * s {
					f((i/s*c+ch)*s + i%s)
				}
			}
			each(func(i int) { sum += x[i] })
			mean := sum / float64(n*s)
			each(func(i int) { squares += (x[i] - mean) * (x[i] - mean) })
			inv := 1 / math.Sqrt(squares/float64(n*s)+1e-3)
			each(func(i int) { want[i] = (x[i]-mean)*inv*b.Gain[ch] + b.Bias[ch] })
		}
		kerneltest.Close(t, "batch norm", y, want, 1e-13)

		dy := kerneltest.Random[float64](len(x), rng).Data
		dx, dGain, dBias := make([]float64, len(x)), make([]float64, c), make([]float64, c)
		b.Backward(nil, dx, dGain, dBias, dy, x)
		checkGrad(t, "batch norm gain gradient", dGain, b.Gain, dy, forward)
		checkGrad(t, "batch norm bias gradient", dBias, b.Bias, dy, forward)
		checkGrad(t, "batch norm gradient", dx, x, dy, forward)
		b.Forward(nil, y, x)
		b.Backward(nil, nil, dGain, dBias, dy, x)
	}
}

func TestBatchNormThreads(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const n, c, s = 8, 5, 500
	x, dy := kerneltest.Random[float32](n*c*s, rng).Data, kerneltest.Random[float32](n*c*s, rng).Data
	var want []float32
	for threads := 1; threads <= 4; threads++ {
		pool := parallel.New(threads)
		b := &kernel.BatchNorm[float32]{N: n, C: c, S: s, Mean: make([]float32, c), Var: make([]float32, c)}
		y, dx, dGain, dBias := make([]float32, len(x)), make([]float32, len(x)), make([]float32, c), make([]float32, c)
		b.Forward(pool, y, x)
		b.Backward(pool, dx, dGain, dBias, dy, x)
		pool.Close()
		got := append(append(append(y, dx...), dGain...), dBias...)
		if want == nil {
			want = got
		}
		kerneltest.Identical(t, kerneltest.Name("batch norm on threads", threads), got, want)
	}
}

func TestReductionsAllocateNothing(t *testing.T) {
	const n, c, s = 8, 4, 600
	pool := parallel.New(2)
	defer pool.Close()
	x, y, dx := make([]float32, n*c*s), make([]float32, n*c*s), make([]float32, n*c*s)
	stats, rows := make([]float32, c), make([]float32, 2*n*c)
	index := make([]int64, n*c*s)
	b := &kernel.BatchNorm[float32]{N: n, C: c, S: s, Mean: stats, Var: make([]float32, c)}
	l := &kernel.LayerNorm[float32]{Cols: s}
	r := &kernel.Reduce[float32]{Outer: n, Len: c * s, Inner: 1, Dst: make([]float32, n), Src: x}
	a := &kernel.Arg[float32]{Outer: n * c, Len: s, Inner: 1, Dst: make([]int64, n*c), Src: x}
	p := &kernel.Pool2D[float32]{N: n, C: c, H: 20, W: 30, OutH: 10, OutW: 15, KH: 2, KW: 2, StrideH: 2, StrideW: 2}
	e := &kernel.CrossEntropy[float32]{Cols: s}
	target := make([]int64, n*c)
	scratch := make([]float32, max(r.ScratchLen(), e.ScratchLen()))
	allocs := testing.AllocsPerRun(10, func() {
		b.Forward(pool, y, x)
		b.Backward(pool, dx, stats, stats, y, x)
		l.Forward(y, x, rows[:n*c], rows[n*c:])
		_ = e.Forward(rows[:n*c], x, target, scratch)
		_ = e.Backward(dx, rows[:n*c], x, target, scratch)
		r.Run(pool, scratch)
		a.Run(pool)
		p.Max(pool, y, index, x)
		p.MaxGrad(pool, dx, y, index)
		p.Mean(pool, y, x)
		p.MeanGrad(pool, dx, y)
	})
	if allocs != 0 {
		t.Errorf("reductions allocate %v times", allocs)
	}
}
