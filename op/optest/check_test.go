package optest_test

import (
	"math"
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/op/optest"
	"github.com/emberml/ember/tensor"
)

// TestCheck compares the processor's kernels with the definitions: every case in
// single and double precision, under every kernel variant, on 1, 2 and 3 threads.
// The number of threads must not change a bit. Where there is no kernel, the engine
// runs the definition; how many cases have one is logged.
func TestCheck(t *testing.T) {
	var backends []*cpu.Backend
	for threads := 1; threads <= 3; threads++ {
		b := cpu.New(cpu.Options{Threads: threads})
		defer b.Close()
		backends = append(backends, b)
	}
	kernels, cases := 0, 0
	walk(t, func(t *testing.T, name string, c graph.Case) {
		a, err := optest.Apply(name, c, tensor.Float32)
		if err != nil {
			t.Fatal(err)
		}
		cases++
		if _, ok := backends[0].Prepare(c.Op, typesOf(a.In), typesOf(a.Out)); ok {
			kernels++
		}
	})
	t.Logf("%d of %d cases have a kernel in single precision", kernels, cases)
	kerneltest.Each(t, func(t *testing.T) {
		for _, o := range op.All {
			s := o.Spec()
			for i, c := range s.Cases() {
				name := optest.Name(s, i, c)
				t.Run(name, func(t *testing.T) {
					for _, dt := range []tensor.DType{tensor.Float32, tensor.Float64} {
						checkKernel(t, name, s, c, dt, backends)
					}
				})
			}
		}
	})
}

func checkKernel(t *testing.T, name string, s graph.Spec, c graph.Case, dt tensor.DType, backends []*cpu.Backend) {
	a, err := optest.Apply(name, c, dt)
	if err != nil {
		if dt == tensor.Float64 { // a given argument has another element type
			return
		}
		t.Fatal(err)
	}
	want, err := optest.Eval(a.Graph, a.Feeds)
	if err != nil {
		t.Fatal(err)
	}
	var first []*tensor.Tensor
	for _, b := range backends {
		p, err := engine.Compile(a.Graph, engine.Options{Backend: b})
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Run(a.Feeds)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if d := distance(got[i], want[i]); !(d <= s.ULP) {
				t.Fatalf("%v, %d threads: output %d differs by %.3g ULP, allowed are %g\n got %v\nwant %v", dt, b.Threads(), i, d, s.ULP, got[i], want[i])
			}
			if first != nil && !optest.Same(got[i], first[i]) {
				t.Fatalf("%v: output %d has other bits on %d threads than on 1", dt, i, b.Threads())
			}
		}
		if first == nil {
			for _, y := range got {
				first = append(first, y.Clone())
			}
		}
	}
}

// distance is the largest difference in units in the last place of the largest
// magnitude of want; infinite for other types, shapes, NaNs and infinities, and for
// any difference of values that are not floating-point.
func distance(got, want *tensor.Tensor) float64 {
	dt := want.DType()
	if optest.Same(got, want) {
		return 0
	}
	if got.DType() != dt || !got.Shape().Equal(want.Shape()) || !dt.IsFloat() {
		return math.Inf(1)
	}
	g, w := tensor.Float64s(got), tensor.Float64s(want)
	scale := 0.0
	for _, v := range w {
		if a := math.Abs(v); !math.IsInf(a, 0) && a > scale {
			scale = a
		}
	}
	unit := lastPlace(dt, scale)
	worst := 0.0
	for i, v := range w {
		switch {
		case g[i] == v || math.IsNaN(g[i]) && math.IsNaN(v):
		case math.IsNaN(g[i]) || math.IsInf(g[i], 0) || math.IsInf(v, 0):
			return math.Inf(1)
		default:
			worst = max(worst, math.Abs(g[i]-v)/unit)
		}
	}
	return worst
}

// lastPlace is the unit in the last place of a magnitude in an element type.
func lastPlace(dt tensor.DType, v float64) float64 {
	digits := map[tensor.DType]int{tensor.Float64: 53, tensor.Float32: 24, tensor.Float16: 11, tensor.BFloat16: 8}[dt]
	_, exp := math.Frexp(v)
	return math.Ldexp(1, max(exp-digits, -1074))
}
