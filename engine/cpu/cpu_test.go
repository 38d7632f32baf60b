package cpu_test

import (
	"errors"
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// regression is a step of y = x·w + b by gradient descent, its loss the output.
func regression(t *testing.T, rate float64) *graph.Graph {
	t.Helper()
	g, err := graph.Build(func(g *graph.Graph) {
		x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(3)))
		y := g.Input("y", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(1)))
		w := g.Variable("w", tensor.New(tensor.Float32, 3, 1))
		b := g.Variable("b", tensor.New(tensor.Float32, 1))
		d := op.Sub(op.Gemm(x, w, b, op.GemmOp{}), y)
		loss := op.ReduceMean(op.Mul(d, d), nil, false)
		grads, err := op.Gradients([]*graph.Value{loss}, []*graph.Value{w, b})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range []*graph.Value{w, b} {
			g.Update(v, op.Sub(v, op.Mul(grads[i], op.Scalar(v, rate))))
		}
		g.Output("loss", loss)
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// samples follow y = x·(1, -2, 3) + 0.5.
func samples(n int) []*tensor.Tensor {
	x := tensor.RandStream(1, "x").Normal(tensor.Float32, 0, 1, n, 3)
	y := tensor.MatMul(x, tensor.Of([]float32{1, -2, 3}, 3, 1))
	return []*tensor.Tensor{x, tensor.Add(y, tensor.Scalar[float32](0.5))}
}

func compile(t *testing.T, g *graph.Graph, o engine.Options) *engine.Program {
	t.Helper()
	if o.Backend == nil {
		b := cpu.New(cpu.Options{Threads: 2})
		t.Cleanup(b.Close)
		o.Backend = b
	}
	p, err := engine.Compile(g, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTraining(t *testing.T) {
	p := compile(t, regression(t, 0.1), engine.Options{})
	in := samples(64)
	for range 200 {
		if _, err := p.Run(in); err != nil {
			t.Fatal(err)
		}
	}
	w := p.State().Get("w")
	if want := tensor.Of([]float32{1, -2, 3}, 3, 1); !tensor.AllClose(w, want, 1e-3, 1e-3) {
		t.Errorf("weights are %v, want %v", w, want)
	}
}

func TestAnyBatch(t *testing.T) {
	p := compile(t, regression(t, 0.1), engine.Options{})
	for _, n := range []int{64, 7, 1, 64, 100} {
		if _, err := p.Run(samples(n)); err != nil {
			t.Errorf("batch of %d: %v", n, err)
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	p := compile(t, regression(t, 0.1), engine.Options{})
	in := samples(64)
	if _, err := p.Run(in); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() {
		if _, err := p.Run(in); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a training step allocates %v times", n)
	}
}

func TestMemoryBudget(t *testing.T) {
	g := regression(t, 0.1)
	free := compile(t, g, engine.Options{})
	shapes := func(n int) []tensor.Shape { return []tensor.Shape{{n, 3}, {n, 1}} }
	small, err := free.Memory(shapes(100))
	if err != nil {
		t.Fatal(err)
	}
	bounded := compile(t, g, engine.Options{Memory: small.Total()})
	if _, err := bounded.Run(samples(100)); err != nil {
		t.Errorf("a run within the budget failed: %v", err)
	}
	_, err = bounded.Run(samples(5000))
	var e *engine.MemoryError
	if !errors.As(err, &e) || e.Batch < 100 || e.Batch >= 5000 {
		t.Fatalf("error is %v, want a MemoryError that names a batch that fits", err)
	}
	if _, err := bounded.Run(samples(e.Batch)); err != nil {
		t.Errorf("the batch of %d that the error named does not fit: %v", e.Batch, err)
	}
}

func TestSharedState(t *testing.T) {
	state, arena := engine.NewState(), engine.NewArena()
	step := compile(t, regression(t, 0.1), engine.Options{State: state, Arena: arena})
	show, err := graph.Build(func(g *graph.Graph) {
		g.Output("w", op.Neg(g.Variable("w", tensor.New(tensor.Float32, 3, 1))))
	})
	if err != nil {
		t.Fatal(err)
	}
	look := compile(t, show, engine.Options{State: state, Arena: arena})
	for range 3 {
		if _, err := step.Run(samples(10)); err != nil {
			t.Fatal(err)
		}
		out, err := look.Run(nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := tensor.Neg(state.Get("w")); !tensor.Same(out[0], want) {
			t.Errorf("the second program sees %v, want %v", out[0], want)
		}
	}
}

func TestInputsThatDoNotFit(t *testing.T) {
	p := compile(t, regression(t, 0.1), engine.Options{})
	in := samples(4)
	for name, bad := range map[string][]*tensor.Tensor{
		"too few":  in[:1],
		"type":     {tensor.Cast(in[0], tensor.Float64), in[1]},
		"shape":    {in[0].Reshape(3, 4), in[1]},
		"symbol N": {in[0], samples(5)[1]},
		"missing":  {in[0], nil},
	} {
		if _, err := p.Run(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSwappedUpdates(t *testing.T) {
	g, err := graph.Build(func(g *graph.Graph) {
		a := g.Variable("a", tensor.Of([]float32{1, 2}))
		b := g.Variable("b", tensor.Of([]float32{3, 4}))
		g.Update(a, b)
		g.Update(b, op.Identity(a))
	})
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, g, engine.Options{})
	if _, err := p.Run(nil); err != nil {
		t.Fatal(err)
	}
	if a, b := p.State().Get("a"), p.State().Get("b"); !tensor.Same(a, tensor.Of([]float32{3, 4})) || !tensor.Same(b, tensor.Of([]float32{1, 2})) {
		t.Errorf("after the swap a = %v, b = %v", a, b)
	}
}

func TestErrorNamesTheLayer(t *testing.T) {
	g, err := graph.Build(func(g *graph.Graph) {
		i := g.Input("i", graph.TensorOf(tensor.Int64, graph.Known(1)))
		defer g.Scope("embedding_1")()
		g.Output("y", op.Gather(g.Variable("table", tensor.New(tensor.Float32, 3, 2)), i, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = compile(t, g, engine.Options{}).Run([]*tensor.Tensor{tensor.Of([]int64{7})})
	if err == nil || err.Error()[:12] != "embedding_1:" {
		t.Errorf("error is %v, want one that names embedding_1", err)
	}
}
