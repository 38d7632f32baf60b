package cpu_test

import (
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// block is the gradients of a feed-forward block of a transformer and of a dense
// layer behind it: products with bias, residual and activation, and chains of
// elementwise operators, forward and backward.
func block(t *testing.T) *graph.Graph {
	t.Helper()
	const width, inner, classes = 48, 96, 10
	init := func(name string, shape ...int) *tensor.Tensor {
		return tensor.RandStream(1, name).Uniform(tensor.Float32, -0.2, 0.2, shape...)
	}
	g, err := graph.Build(func(g *graph.Graph) {
		x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(width)))
		var params []*graph.Value
		variable := func(name string, shape ...int) *graph.Value {
			params = append(params, g.Variable(name, init(name, shape...)))
			return params[len(params)-1]
		}
		h := op.Gelu(op.Gemm(x, variable("w1", width, inner), variable("b1", inner), op.GemmOp{}))
		h = op.Add(op.Add(op.MatMul(h, variable("w2", inner, width)), variable("b2", width)), x)
		h = op.Relu(op.Gemm(h, variable("w3", classes, width), variable("b3", classes), op.GemmOp{TransB: true}))
		loss := op.ReduceMean(op.Mul(h, h), nil, false)
		grads, err := op.Gradients([]*graph.Value{loss}, params)
		if err != nil {
			t.Fatal(err)
		}
		g.Output("loss", loss)
		for i, p := range params {
			g.Output("grad."+p.Name(), grads[i])
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestFusionKeepsBits runs a graph with and without fusion, for several batches,
// variants and numbers of threads.
func TestFusionKeepsBits(t *testing.T) {
	g := block(t)
	kerneltest.Each(t, func(t *testing.T) {
		for _, threads := range []int{1, 3} {
			b := cpu.New(cpu.Options{Threads: threads})
			joined := compile(t, g, engine.Options{Backend: b})
			apart := compile(t, g, engine.Options{Backend: b, Unfused: true})
			if n := fusedNodes(joined); n < 4 || fusedNodes(apart) != 0 {
				t.Fatalf("%d nodes are fused, and %d without fusion", n, fusedNodes(apart))
			}
			for _, n := range []int{1, 7, 200} {
				x := tensor.RandStream(2, "x").Normal(tensor.Float32, 0, 1, n, 48)
				want, err := apart.Run([]*tensor.Tensor{x})
				if err != nil {
					t.Fatal(err)
				}
				got, err := joined.Run([]*tensor.Tensor{x})
				if err != nil {
					t.Fatal(err)
				}
				for i := range want {
					if !tensor.Same(got[i], want[i]) {
						t.Errorf("%d threads, batch %d: output %s has other bits when fused", threads, n, g.OutputNames()[i])
					}
				}
				in := []*tensor.Tensor{x}
				if a := testing.AllocsPerRun(5, func() { _, _ = joined.Run(in) }); a != 0 {
					t.Errorf("a fused run allocates %v times", a)
				}
			}
			b.Close()
		}
	})
}
