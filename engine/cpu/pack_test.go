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

// products has one product of each kind by a weight: transposed in place, as it
// lies, and transposed by an operator of its own.
func products(t *testing.T) *graph.Graph {
	t.Helper()
	g, err := graph.Build(func(g *graph.Graph) {
		variable := func(name string, shape ...int) *graph.Value {
			return g.Variable(name, tensor.RandStream(3, name).Uniform(tensor.Float32, -0.3, 0.3, shape...))
		}
		x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(70)))
		h := op.Gemm(x, variable("w1", 53, 70), nil, op.GemmOp{TransB: true, Alpha: op.Set(0.5)})
		h = op.Relu(op.Gemm(h, variable("w2", 40, 53), variable("b2", 40), op.GemmOp{TransB: true}))
		h = op.MatMul(h, variable("w3", 40, 70))
		h = op.Add(op.MatMul(h, op.Transpose(variable("w4", 45, 70), 1, 0)), variable("b4", 45))
		g.Output("y", h)
		g.Output("score", op.MatMul(h, variable("w5", 45, 1)))
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestViewsOfVariablesAreNotConstant changes a variable between runs whose reshaped
// view is the weight of a product.
func TestViewsOfVariablesAreNotConstant(t *testing.T) {
	g, err := graph.Build(func(g *graph.Graph) {
		x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(30)))
		w := g.Variable("w", tensor.RandStream(3, "w").Uniform(tensor.Float32, -1, 1, 1, 20, 30))
		g.Output("y", op.Gemm(x, op.Squeeze(w, 0), nil, op.GemmOp{TransB: true}))
	})
	if err != nil {
		t.Fatal(err)
	}
	b := cpu.New(cpu.Options{Threads: 1})
	defer b.Close()
	state := engine.NewState()
	p := compile(t, g, engine.Options{Backend: b, State: state})
	x := tensor.RandStream(4, "x").Uniform(tensor.Float32, -1, 1, 16, 30)
	for range 2 {
		out, err := p.Run([]*tensor.Tensor{x})
		if err != nil {
			t.Fatal(err)
		}
		w := state.Get("w")
		want := tensor.MatMul(x, w.Reshape(20, 30).Transpose(1, 0))
		if !tensor.AllClose(out[0], want, 1e-5, 1e-5) {
			t.Error("the product is not that of the variable's value")
		}
		if err := state.Set("w", tensor.RandStream(5, "w").Uniform(tensor.Float32, -1, 1, 1, 20, 30)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWeightsArePackedOnce has weights that no program changes: their products are
// those of weights that may change, a sample's bits do not depend on the others of
// its batch, forks share what is packed, and nothing is allocated.
func TestWeightsArePackedOnce(t *testing.T) {
	g := products(t)
	kerneltest.Each(t, func(t *testing.T) {
		b := cpu.New(cpu.Options{Threads: 2})
		defer b.Close()
		fixed := compile(t, g, engine.Options{Backend: b})
		free := compile(t, g, engine.Options{Backend: b, State: engine.NewState()})
		run := func(p *engine.Program, x *tensor.Tensor) []*tensor.Tensor {
			t.Helper()
			in := []*tensor.Tensor{x}
			out, err := p.Run(in)
			if err != nil {
				t.Fatal(err)
			}
			y := []*tensor.Tensor{out[0].Clone(), out[1].Clone()}
			if n := testing.AllocsPerRun(3, func() { _, _ = p.Run(in) }); n != 0 {
				t.Errorf("a run allocates %v times", n)
			}
			return y
		}
		x := tensor.RandStream(4, "x").Normal(tensor.Float32, 0, 1, 37, 70)
		want, got := run(free, x), run(fixed, x)
		for i, y := range run(fixed.Fork(), x) {
			if !tensor.Same(got[i], want[i]) || !tensor.Same(y, want[i]) {
				t.Errorf("output %d: packed weights give other bits", i)
			}
			for _, row := range []int{0, 36} {
				one := run(fixed, x.Slice(0, row, row+1, 1))
				if !tensor.Same(one[i], want[i].Slice(0, row, row+1, 1)) {
					t.Errorf("output %d: sample %d has other bits alone", i, row)
				}
			}
		}
		memory := func(p *engine.Program) engine.Memory {
			m, err := p.Memory([]tensor.Shape{{37, 70}})
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		if more := memory(fixed).Constants - memory(free).Constants; more < 4*(53*70+40*53+40*70+45*70) {
			t.Errorf("%d bytes of packed weights are counted", more)
		}
	})
}
