package cpu_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// deep is a training step of blocks of a convolution, the normalization of its
// channels, with running statistics, and an activation, each added to what came in.
func deep(t *testing.T) *graph.Graph {
	t.Helper()
	const blocks, c = 6, 8
	return build(t, func(g *graph.Graph) {
		var params []*graph.Value
		variable := func(shape ...int) *graph.Value {
			name := string(rune('a' + len(params)))
			params = append(params, g.Variable(name, tensor.RandStream(5, name).Uniform(tensor.Float32, -0.4, 0.6, shape...)))
			return params[len(params)-1]
		}
		track := func(name string, now *graph.Value) {
			v := g.Variable(name, tensor.New(tensor.Float32, c))
			g.Update(v, op.Max(op.Add(op.Mul(v, op.Scalar(v, 0.9)), op.Mul(now, op.Scalar(v, 0.1))), op.Scalar(v, -10)))
		}
		pads := graph.MakeInts(1, 1, 1, 1)
		x := g.Input("x", graph.TensorOf(tensor.Float32, graph.Sym("N"), graph.Known(c), graph.Known(12), graph.Known(12)))
		h := x
		for i := range blocks {
			y := op.Conv(h, variable(c, c, 3, 3), nil, op.ConvOp{Pads: pads})
			y, mean, variance := op.BatchNormTrain(y, variable(c), variable(c), 1e-5)
			track(fmt.Sprint("mean", i), mean)
			track(fmt.Sprint("variance", i), variance)
			h = op.Add(op.Relu(y), h)
		}
		loss := op.ReduceMean(op.Mul(h, h), nil, false)
		grads, err := op.Gradients([]*graph.Value{loss}, params)
		if err != nil {
			t.Fatal(err)
		}
		g.Output("loss", loss)
		for i, p := range params {
			g.Output("grad."+p.Name(), grads[i])
			g.Update(p, op.Sub(p, grads[i]))
		}
	})
}

// TestActivationsAreComputedTwice bounds the memory of a training step below what
// it needs if it keeps all: it then needs less, for the same bits.
func TestActivationsAreComputedTwice(t *testing.T) {
	g := deep(t)
	b := cpu.New(cpu.Options{Threads: 2})
	defer b.Close()
	shape := []tensor.Shape{{16, 8, 12, 12}}
	ample := compile(t, g, engine.Options{Backend: b})
	all, err := ample.Memory(shape)
	if err != nil {
		t.Fatal(err)
	}
	small, err := compile(t, g, engine.Options{Backend: b, Memory: 1}).Memory(shape)
	if err != nil {
		t.Fatal(err)
	}
	if small.Arena > all.Arena*4/5 {
		t.Errorf("%d bytes instead of %d", small.Arena, all.Arena)
	}
	bound := compile(t, g, engine.Options{Backend: b, Memory: small.Total()})
	x := tensor.RandStream(6, "x").Normal(tensor.Float32, 0, 1, shape[0]...)
	for step := range 3 {
		want := run(t, ample, x)
		for i, y := range run(t, bound, x) {
			if !tensor.Same(y, want[i]) {
				t.Errorf("step %d, output %d: other bits", step, i)
			}
		}
	}
	_, err = compile(t, g, engine.Options{Backend: b, Memory: small.Total() - 1}).Run([]*tensor.Tensor{x})
	if e := (*engine.MemoryError)(nil); !errors.As(err, &e) || e.Need != small.Total() {
		t.Errorf("a budget too small gives %v", err)
	}
}
