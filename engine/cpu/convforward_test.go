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

// residualBlock is what image nets are made of: convolutions that are normalized,
// one of single channels with bounds, and a sum before the last activation.
func residualBlock(t *testing.T) *graph.Graph {
	t.Helper()
	const c = 12
	g, err := graph.Build(func(g *graph.Graph) {
		variable := func(name string, lo, hi float64, shape ...int) *graph.Value {
			return g.Variable(name, tensor.RandStream(1, name).Uniform(tensor.Float32, lo, hi, shape...))
		}
		norm := func(x *graph.Value, name string) *graph.Value {
			return op.BatchNormalization(x, variable(name+".gain", 0.5, 2, c), variable(name+".bias", -1, 1, c),
				variable(name+".mean", -1, 1, c), variable(name+".var", 0.5, 2, c), 1e-3)
		}
		pads := graph.MakeInts(1, 1, 1, 1)
		x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(c), graph.Known(9), graph.Known(10)))
		h := op.Conv(x, variable("w1", -1, 1, c, c, 3, 3), variable("b1", -1, 1, c), op.ConvOp{Pads: pads})
		h = op.Relu(norm(h, "n1"))
		h = op.Clip(norm(op.Conv(h, variable("w2", -1, 1, c, 1, 3, 3), nil, op.ConvOp{Pads: pads, Group: c}), "n2"), 0, 6)
		h = norm(op.Conv(h, variable("w3", -1, 1, c, c, 1, 1), nil, op.ConvOp{}), "n3")
		g.Output("y", op.Relu(op.Add(x, h)))
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestConvolutionFuses compares a block as three kernels with one of nine, for
// weights that are constant, which are packed once, and weights that change.
func TestConvolutionFuses(t *testing.T) {
	g := residualBlock(t)
	kerneltest.Each(t, func(t *testing.T) {
		b := cpu.New(cpu.Options{Threads: 2})
		defer b.Close()
		state := engine.NewState()
		apart := compile(t, g, engine.Options{Backend: b, Unfused: true, State: state})
		free := compile(t, g, engine.Options{Backend: b, State: state})
		fixed := compile(t, g, engine.Options{Backend: b})
		if n := len(fixed.Graph().Nodes()); n != 3 || fusedNodes(fixed) != 3 {
			t.Fatalf("%d nodes, %d of them fused", n, fusedNodes(fixed))
		}
		fork := fixed.Fork()
		for _, n := range []int{1, 5} {
			x := tensor.RandStream(2, "x").Normal(tensor.Float32, 0, 1, n, 12, 9, 10)
			run := func(p *engine.Program) *tensor.Tensor {
				t.Helper()
				out, err := p.Run([]*tensor.Tensor{x})
				if err != nil {
					t.Fatal(err)
				}
				in := []*tensor.Tensor{x}
				if a := testing.AllocsPerRun(3, func() { _, _ = p.Run(in) }); a != 0 {
					t.Errorf("a run allocates %v times", a)
				}
				return out[0]
			}
			want := run(apart)
			kerneltest.Close(t, "fused", tensor.Data[float32](run(free)), tensor.Data[float32](want), 1e-4)
			if !tensor.Same(run(fixed), run(free)) || !tensor.Same(run(fork), run(free)) {
				t.Error("packed weights give other bits")
			}
		}
		if err := state.Set("n3.gain", tensor.New(tensor.Float32, 12)); err != nil { // then h is the bias
			t.Fatal(err)
		}
		x := tensor.New(tensor.Float32, 1, 12, 9, 10)
		want, _ := apart.Run([]*tensor.Tensor{x})
		got, err := free.Run([]*tensor.Tensor{x})
		if err != nil || !tensor.Same(got[0], want[0]) {
			t.Errorf("a changed variable is not seen: %v", err)
		}
	})
}

// TestFixedVariableIsNotUpdated checks that what packed weights rely on holds.
func TestFixedVariableIsNotUpdated(t *testing.T) {
	b := cpu.New(cpu.Options{Threads: 1})
	defer b.Close()
	p := compile(t, residualBlock(t), engine.Options{Backend: b})
	g := graph.New()
	w := g.Variable("w1", tensor.New(tensor.Float32, 12, 12, 3, 3))
	g.Update(w, op.Neg(w))
	if _, err := engine.Compile(g, engine.Options{Backend: b, State: p.State()}); err == nil {
		t.Error("a program may update a variable that another has packed")
	}
}
