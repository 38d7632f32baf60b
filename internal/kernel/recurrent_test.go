package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// recurrentRun is a network of float64 with what it reads and writes, all guarded.
type recurrentRun struct {
	net     kernel.Recurrent[float64]
	back    kernel.RecurrentGrad[float64]
	buffers []*kerneltest.Buffer[float64]
}

// newRecurrentRun is a network over sequences of a batch, of 3 features and the given
// states, with lengths.
func newRecurrentRun(cell kernel.RecurrentCell, linear, reverse bool, steps, batch, hidden int) *recurrentRun {
	const in = 3
	rng := rand.New(rand.NewPCG(uint64(steps), uint64(hidden)))
	r := &recurrentRun{}
	random := func(n int) []float64 {
		b := kerneltest.Random[float64](n, rng)
		r.buffers = append(r.buffers, b)
		return b.Data
	}
	blank := func(n int) []float64 {
		b := kerneltest.NaN[float64](n)
		r.buffers = append(r.buffers, b)
		return b.Data
	}
	gates := map[kernel.RecurrentCell]int{kernel.SimpleCell: 1, kernel.LSTMCell: 4, kernel.GRUCell: 3}[cell]
	lengths := make([]int32, batch)
	for n := range lengths {
		lengths[n] = int32(max(0, steps-n))
	}
	rows, states := steps*batch, batch*hidden
	r.net = kernel.Recurrent[float64]{
		Cell: cell, Function: kernel.Tanh, Linear: linear, Reverse: reverse,
		Steps: steps, Batch: batch, In: in, Hidden: hidden,
		StepRow: batch, SampleRow: 1, StepOut: batch, SampleOut: 1, StateRow: 1, Lengths: lengths,
		X: random(rows * in), W: random(gates * hidden * in), R: random(gates * hidden * hidden), Bias: random(2 * gates * hidden),
		InitialH: random(states), InitialC: random(states),
		Y: blank(rows * hidden), LastH: blank(states), LastC: blank(states),
		Gates: blank(rows * gates * hidden), Previous: blank(rows * hidden),
	}
	if cell == kernel.LSTMCell || cell == kernel.GRUCell && linear {
		r.net.Extra = blank(rows * hidden)
	}
	r.back = kernel.RecurrentGrad[float64]{
		Recurrent: r.net, DY: random(rows * hidden), DLastH: random(states), DLastC: random(states),
		DZ: blank(rows * gates * hidden), DInitialH: blank(states), DInitialC: blank(states),
	}
	if cell == kernel.GRUCell && linear {
		r.back.DS = blank(rows * gates * hidden)
	}
	return r
}

func (r *recurrentRun) forward() {
	r.net.Run(nil, make([]float64, r.net.ScratchLen(1)))
}

// loss is a sum of all results, whose gradient the way back is given.
func (r *recurrentRun) loss() (sum float64) {
	r.forward()
	dot := func(x, y []float64) {
		for i, v := range x {
			sum += v * y[i]
		}
	}
	dot(r.net.Y, r.back.DY)
	dot(r.net.LastH, r.back.DLastH)
	if r.net.Cell == kernel.LSTMCell {
		dot(r.net.LastC, r.back.DLastC)
	}
	return sum
}

// TestRecurrentGradient compares the gradients of initial states with differences,
// for sizes with and without whole vectors, and checks that all writes are inside.
func TestRecurrentGradient(t *testing.T) {
	kinds := []struct {
		cell            kernel.RecurrentCell
		linear, reverse bool
	}{
		{kernel.SimpleCell, false, false},
		{kernel.LSTMCell, false, false},
		{kernel.LSTMCell, false, true},
		{kernel.GRUCell, false, false},
		{kernel.GRUCell, true, true},
	}
	kerneltest.Each(t, func(t *testing.T) {
		for _, k := range kinds {
			for _, size := range [][3]int{{1, 1, 1}, {4, 3, 5}, {5, 7, 17}, {2, 2, 33}} {
				r := newRecurrentRun(k.cell, k.linear, k.reverse, size[0], size[1], size[2])
				r.forward()
				r.back.Run(nil, make([]float64, r.back.ScratchLen(1)))
				compare := func(what string, at, gradient []float64) {
					const h = 1e-5
					for i, v := range at {
						at[i] = v + h
						above := r.loss()
						at[i] = v - h
						below := r.loss()
						at[i] = v
						if want := (above - below) / (2 * h); math.Abs(gradient[i]-want) > 1e-6*(1+math.Abs(want)) {
							t.Fatalf("cell %d of %v: %s[%d] = %g, the difference is %g", k.cell, size, what, i, gradient[i], want)
						}
					}
				}
				compare("DInitialH", r.net.InitialH, r.back.DInitialH)
				if k.cell == kernel.LSTMCell {
					compare("DInitialC", r.net.InitialC, r.back.DInitialC)
				}
				for _, b := range r.buffers {
					b.Check(t)
				}
			}
		}
	})
}

// TestRecurrentAllocatesNothing wants no memory for a run in either direction.
func TestRecurrentAllocatesNothing(t *testing.T) {
	for _, cell := range []kernel.RecurrentCell{kernel.SimpleCell, kernel.LSTMCell, kernel.GRUCell} {
		r := newRecurrentRun(cell, true, false, 6, 8, 32)
		scratch := make([]float64, max(r.net.ScratchLen(1), r.back.ScratchLen(1)))
		n := testing.AllocsPerRun(5, func() {
			r.net.Run(nil, scratch)
			r.back.Run(nil, scratch)
		})
		if n > 0 {
			t.Errorf("cell %d: %v allocations", cell, n)
		}
	}
}
