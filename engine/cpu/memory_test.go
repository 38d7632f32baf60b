package cpu_test

import (
	"math"
	"strings"
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// build is the graph that a function builds.
func build(t *testing.T, f func(g *graph.Graph)) *graph.Graph {
	t.Helper()
	g, err := graph.Build(f)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// run is the outputs of a program, which must not fail.
func run(t *testing.T, p *engine.Program, in ...*tensor.Tensor) []*tensor.Tensor {
	t.Helper()
	out, err := p.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// vector is an input of so many float32 numbers as are fed.
func vector(g *graph.Graph, name string) *graph.Value {
	return g.Input(name, graph.TensorOf(tensor.Float32, graph.Sym("N")))
}

func TestInputsInTheArena(t *testing.T) {
	arena := engine.NewArena()
	sums := compile(t, build(t, func(g *graph.Graph) {
		x, y, z := vector(g, "x"), vector(g, "y"), vector(g, "z")
		g.Output("x+y", op.Add(x, y))
		g.Output("y+z", op.Add(y, z))
		g.Output("z+x", op.Add(z, x))
	}), engine.Options{Arena: arena})
	one, two := tensor.Full[float32](1, 5), tensor.Full[float32](2, 5)
	out := run(t, sums, one, two, tensor.Full[float32](3, 5)) // 3, 5, 4
	out = run(t, sums, out[2], out[0], out[1])
	for i, want := range []float32{7, 8, 9} {
		if !tensor.Same(out[i], tensor.Full(want, 5)) {
			t.Errorf("output %d is %v, want %v", i, out[i], want)
		}
	}
}

func TestArenaThatGrows(t *testing.T) {
	arena := engine.NewArena()
	options := engine.Options{Arena: arena}
	double := compile(t, build(t, func(g *graph.Graph) {
		x := vector(g, "x")
		g.Output("y", op.Add(x, x))
	}), options)
	square := compile(t, build(t, func(g *graph.Graph) {
		x := vector(g, "x")
		g.Output("y", op.Mul(x, x))
	}), options)
	for _, n := range []int{100, 2000, 100, 50_000, 2000, 100} {
		x := tensor.Full[float32](3, n)
		first := run(t, double, x)[0]
		if !tensor.Same(first, tensor.Full[float32](6, n)) {
			t.Errorf("%d elements doubled are wrong", n)
		}
		if !tensor.Same(run(t, square, first)[0], tensor.Full[float32](36, n)) {
			t.Errorf("%d elements squared are wrong", n)
		}
	}
}

func TestMoreShapesThanPlans(t *testing.T) {
	p := compile(t, build(t, func(g *graph.Graph) { g.Output("y", op.Neg(vector(g, "x"))) }), engine.Options{})
	for range 2 {
		for n := range 50 {
			if got := run(t, p, tensor.Full[float32](1, n))[0]; !tensor.Same(got, tensor.Full[float32](-1, n)) {
				t.Fatalf("%d elements: %v", n, got)
			}
		}
	}
}

func TestOutputsOfUpdatedVariables(t *testing.T) {
	p := compile(t, build(t, func(g *graph.Graph) {
		w := g.Variable("w", tensor.Of([]float32{1, 2}))
		next := op.Add(w, op.Scalar(w, 1))
		g.Output("before", w)
		g.Output("after", next)
		g.Update(w, next)
	}), engine.Options{})
	m, err := p.Memory(nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Arena < 2*64 {
		t.Errorf("the arena of %d bytes has no place for both outputs", m.Arena)
	}
	for i := range 3 {
		out := run(t, p)
		k := float32(i)
		if !tensor.Same(out[0], tensor.Of([]float32{1 + k, 2 + k})) || !tensor.Same(out[1], tensor.Of([]float32{2 + k, 3 + k})) {
			t.Errorf("step %d gives %v and %v", i, out[0], out[1])
		}
	}
}

func TestTextFlows(t *testing.T) {
	p := compile(t, build(t, func(g *graph.Graph) {
		x := g.Input("x", graph.TensorOf(tensor.String, graph.Sym("N")))
		g.Output("column", op.Reshape(x, -1, 1))
		g.Output("twice", op.Concat(0, x, x))
	}), engine.Options{})
	for _, words := range [][]string{{"a", "b"}, {"c"}, {"d", "e"}} {
		out := run(t, p, tensor.Of(words))
		if !tensor.Same(out[0], tensor.Of(words, len(words), 1)) || !tensor.Same(out[1], tensor.Of(append(words, words...))) {
			t.Errorf("%v gives %v and %v", words, out[0], out[1])
		}
	}
}

func TestShapesThatNoMemoryHolds(t *testing.T) {
	wide := compile(t, build(t, func(g *graph.Graph) {
		x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Sym("M")))
		g.Output("y", op.Add(x, x))
	}), engine.Options{})
	for _, s := range []tensor.Shape{{1 << 32, 1 << 31}, {1 << 40, 1 << 40}, {1 << 62, 2}, {-1, 3}} {
		if m, err := wide.Memory([]tensor.Shape{s}); err == nil {
			t.Errorf("shape %v needs %+v", s, m)
		}
	}
	for name, make := range map[string]func(g *graph.Graph) (graph.Op, []*graph.Value){
		"constant": func(g *graph.Graph) (graph.Op, []*graph.Value) {
			return op.ConstantOfShapeOp{}, []*graph.Value{g.Constant(tensor.Of([]int64{1 << 32, 1 << 32}))}
		},
		"beyond the budget": func(g *graph.Graph) (graph.Op, []*graph.Value) {
			return op.ConstantOfShapeOp{}, []*graph.Value{g.Constant(tensor.Of([]int64{1 << 20, 1 << 14}))}
		},
		"expand": func(g *graph.Graph) (graph.Op, []*graph.Value) {
			return op.ExpandOp{}, []*graph.Value{vector(g, "x"), g.Constant(tensor.Of([]int64{1 << 62, 1}))}
		},
		"range": func(g *graph.Graph) (graph.Op, []*graph.Value) {
			c := func(v int64) *graph.Value { return g.Constant(tensor.Scalar(v)) }
			return op.RangeOp{}, []*graph.Value{c(0), c(1 << 52), c(1)}
		},
		"pad": func(g *graph.Graph) (graph.Op, []*graph.Value) {
			return op.PadOp{}, []*graph.Value{vector(g, "x"), g.Constant(tensor.Of([]int64{math.MaxInt64, math.MaxInt64}))}
		},
	} {
		g := graph.New()
		o, in := make(g)
		out, err := g.TryApply(o, in...)
		if err != nil {
			continue // as good
		}
		g.Output("y", out[0])
		var feeds []*tensor.Tensor
		for range g.Inputs() {
			feeds = append(feeds, tensor.New(tensor.Float32, 1))
		}
		if _, err := compile(t, g, engine.Options{Memory: 1 << 30}).Run(feeds); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestFixedVariables(t *testing.T) {
	w := tensor.Of([]float32{1, 2})
	g := build(t, func(g *graph.Graph) { g.Output("y", op.Neg(g.Variable("w", w))) })
	p := compile(t, g, engine.Options{})
	if err := p.State().Set("w", tensor.Of([]float32{5, 6})); err == nil || !strings.Contains(err.Error(), "w is fixed") {
		t.Errorf("error is %v", err)
	}
	p = compile(t, g, engine.Options{State: engine.NewState()})
	if err := p.State().Set("w", tensor.Of([]float32{5, 6})); err != nil {
		t.Fatal(err)
	}
	if got := run(t, p)[0]; !tensor.Same(got, tensor.Of([]float32{-5, -6})) || tensor.At[float32](w, 0) != 1 {
		t.Errorf("got %v from the new value; the graph's own is %v", got, w)
	}
}
