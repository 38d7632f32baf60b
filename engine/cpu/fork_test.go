package cpu_test

import (
	"sync"
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/tensor"
)

// TestFork runs forks of a program from many goroutines on one backend.
func TestFork(t *testing.T) {
	b := cpu.New(cpu.Options{Threads: 3})
	defer b.Close()
	p := compile(t, block(t), engine.Options{Backend: b})
	input := func(i int) []*tensor.Tensor {
		return []*tensor.Tensor{tensor.RandStream(uint64(i), "x").Normal(tensor.Float32, 0, 1, 1+17*i, 48)}
	}
	var want []*tensor.Tensor
	for i := range 8 {
		out, err := p.Run(input(i))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, out[1].Clone())
	}
	var group sync.WaitGroup
	for range 4 {
		fork := p.Fork()
		group.Go(func() {
			for i := range 24 {
				out, err := fork.Run(input(i % 8))
				if err != nil || !tensor.Same(out[1], want[i%8]) {
					t.Errorf("batch of %d: other bits beside other runs, error %v", 1+17*(i%8), err)
				}
			}
		})
	}
	group.Wait()
}
