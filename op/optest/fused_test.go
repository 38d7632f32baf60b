package optest_test

import (
	"testing"

	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/op/optest"
	"github.com/emberml/ember/tensor"
)

// TestFused compares the kernels of fused operators, which are not in the table,
// with one definition after another, as TestCheck does.
func TestFused(t *testing.T) {
	var backends []*cpu.Backend
	for threads := 1; threads <= 3; threads++ {
		b := cpu.New(cpu.Options{Threads: threads})
		defer b.Close()
		backends = append(backends, b)
	}
	kerneltest.Each(t, func(t *testing.T) {
		kernels := 0
		s := op.FusedOp{}.Spec()
		for i, c := range s.Cases() {
			name := optest.Name(s, i, c)
			t.Run(name, func(t *testing.T) {
				a, err := optest.Apply(name, c, tensor.Float32)
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := backends[0].Prepare(c.Op, typesOf(a.In), typesOf(a.Out)); ok {
					kernels++
				}
				for _, dt := range []tensor.DType{tensor.Float32, tensor.Float64} {
					checkKernel(t, name, s, c, dt, backends)
				}
			})
		}
		if all := len(s.Cases()); kernels < all-2 { // those two are for the engine's definition
			t.Errorf("%d of %d cases have a kernel", kernels, all)
		}
	})
}
