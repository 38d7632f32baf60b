package cpu_test

import (
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// TestStreamed has results that go past the caches: a whole number of pieces and
// a rest.
func TestStreamed(t *testing.T) {
	const n = 8<<20 + 777
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(i%201 - 100)
	}
	for threads := 1; threads <= 2; threads++ {
		backend := cpu.New(cpu.Options{Threads: threads})
		defer backend.Close()
		g := graph.New()
		x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Known(n)))
		g.Output("y", op.Relu(x))
		program, err := engine.Compile(g, engine.Options{Backend: backend})
		if err != nil {
			t.Fatal(err)
		}
		out, err := program.Run([]*tensor.Tensor{tensor.Of(values, n)})
		if err != nil {
			t.Fatal(err)
		}
		for i, y := range tensor.Data[float32](out[0]) {
			if y != max(values[i], 0) {
				t.Fatalf("%d threads: relu(%v) = %v at %d", threads, values[i], y, i)
			}
		}
	}
}
