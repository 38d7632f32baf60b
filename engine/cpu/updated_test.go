package cpu_test

import (
	"fmt"
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// TestGradientsAreWrittenEarly wants the gradients of each layer while those of the
// layers before are still to be computed.
func TestGradientsAreWrittenEarly(t *testing.T) {
	const layers = 4
	g := build(t, func(g *graph.Graph) {
		x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(8)))
		var params []*graph.Value
		for i := range layers {
			w := g.Variable(fmt.Sprintf("w%d", i), tensor.RandStream(uint64(i), "w").Uniform(tensor.Float32, -1, 1, 8, 8))
			b := g.Variable(fmt.Sprintf("b%d", i), tensor.New(tensor.Float32, 8))
			params = append(params, w, b)
			x = op.Relu(op.Gemm(x, w, b, op.GemmOp{}))
		}
		grads, err := op.Gradients([]*graph.Value{op.ReduceSum(x, nil, false)}, params)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range params {
			g.Update(g.Variable("grad."+p.Name(), tensor.New(tensor.Float32, p.Init().Shape()...)), grads[i])
		}
	})
	nodes := 0
	at := map[string]int{}
	p := compile(t, g, engine.Options{Updated: func(variable string) { at[variable] = nodes }})
	count := func(*graph.Node, []*tensor.Tensor) error {
		nodes++
		return nil
	}
	if _, err := p.Observe([]*tensor.Tensor{tensor.Full[float32](1, 5, 8)}, count); err != nil {
		t.Fatal(err)
	}
	for i := range layers - 1 {
		for _, kind := range []string{"w", "b"} {
			later, earlier := fmt.Sprintf("grad.%s%d", kind, i+1), fmt.Sprintf("grad.%s%d", kind, i)
			if at[later] >= at[earlier] {
				t.Errorf("%s is written after %d nodes of %d, %s after %d", later, at[later], nodes, earlier, at[earlier])
			}
		}
	}
}
