package main

import (
	"fmt"
	"time"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/tensor"
)

// ops apply one operator, or a chain of them, to two values of a shape.
var ops = map[string]struct {
	build func(x, y *graph.Value) *graph.Value
	moved float64 // values an element: those read, and those written twice, as a store reads the line first
}{
	"softmax": {func(x, _ *graph.Value) *graph.Value { return op.Softmax(x, -1) }, 3},
	"gelu":    {func(x, _ *graph.Value) *graph.Value { return op.Gelu(x) }, 3},
	"layernorm": {func(x, y *graph.Value) *graph.Value {
		row := func(i int) *graph.Value { return op.Squeeze(op.Slice(y, 0, i, i+1, 1), 0) }
		return op.LayerNormalization(x, row(0), row(1), -1, 1e-5)
	}, 3},
	"chain": {func(x, y *graph.Value) *graph.Value {
		return op.Add(op.Mul(op.Relu(op.Add(op.Mul(x, y), x)), op.Scalar(x, 0.5)), y)
	}, 4},
}

// newOp runs an operator on the engine, on values that stay where they are.
func newOp(backend *cpu.Backend, w work) (subject, error) {
	if w.Op == "adam" {
		return newAdam(backend, w)
	}
	known, ok := ops[w.Op]
	if !ok {
		return subject{}, skip("no such operator")
	}
	g := graph.New()
	x, y := g.Variable("x", noise("x", w.Shape, 1, 0)), g.Variable("y", noise("y", w.Shape, 1, 0))
	g.Output("out", known.build(x, y))
	program, err := engine.Compile(g, engine.Options{Backend: backend})
	if err != nil {
		return subject{}, err
	}
	out, err := program.Run(nil)
	if err != nil {
		return subject{}, err
	}
	return subject{
		run:    func() error { _, err := program.Run(nil); return err },
		answer: reply{Check: some(out[0]), FLOPs: flops(g), Bytes: known.moved * 4 * float64(tensor.Shape(w.Shape).Len())},
	}, nil
}

// newAdam is the update of one parameter.
func newAdam(backend *cpu.Backend, w work) (subject, error) {
	g := graph.New()
	p := g.Variable("p", noise("p", w.Shape, 1, 0))
	optim.Adam{}.Update(optim.NewStep(g), optim.Param{Value: p, Grad: g.Variable("g", noise("g", w.Shape, 1, 0))})
	state := engine.NewState()
	program, err := engine.Compile(g, engine.Options{Backend: backend, State: state})
	if err != nil {
		return subject{}, err
	}
	number := tensor.Scalar(int64(0))
	run := func() error {
		tensor.Data[int64](number)[0]++
		_, err := program.Run([]*tensor.Tensor{tensor.Scalar(1e-3), number})
		return err
	}
	for range 3 {
		if err := run(); err != nil {
			return subject{}, err
		}
	}
	return subject{run: run, answer: reply{
		Check: some(state.Get("p")), FLOPs: flops(g), Bytes: 7 * 4 * float64(tensor.Shape(w.Shape).Len()),
	}}, nil
}

// requests is how many a run of newRequests answers.
const requests = 1000

// newRequests answers requests of random length, as a server does whose callers
// do not pad. Planning is what Compile and the plans of all new lengths take.
func newRequests(backend *cpu.Backend, w work) (subject, error) {
	net, err := netOf(w)
	if err != nil {
		return subject{}, err
	}
	g := graph.New()
	b := nn.NewBuilder(g, nn.Options{})
	dims := []graph.Dim{graph.Known(1), graph.Sym("T")}
	for _, d := range w.Input[1:] {
		dims = append(dims, graph.Known(d))
	}
	x := g.Input("input", graph.TensorOf(tensor.Float32, dims...))
	for i, item := range net.Layers { // Net.Forward wants the length
		x = b.Scope(fmt.Sprintf("block_%d", i+1), func() *graph.Value { return item.Layer.Build(b, x) })
	}
	g.Output("output", x)
	random := tensor.NewRand(1)
	all := make([]*tensor.Tensor, requests)
	for i := range all {
		all[i] = noise("input", append([]int{1, 8 + random.IntN(505)}, w.Input[1:]...), 1, 0)
	}
	options := engine.Options{Backend: backend, State: engine.NewState()}
	program, err := engine.Compile(g, options)
	if err != nil {
		return subject{}, err
	}
	run := func() error {
		for _, x := range all {
			if _, err := program.Run([]*tensor.Tensor{x}); err != nil {
				return err
			}
		}
		return nil
	}
	return subject{run: run, planning: func() (float64, error) { return planning(g, options, all) }}, nil
}

// planning is the seconds that compiling takes and the plans that the requests
// need, of which a program keeps the last few.
func planning(g *graph.Graph, options engine.Options, all []*tensor.Tensor) (float64, error) {
	start := time.Now()
	program, err := engine.Compile(g, options)
	if err != nil {
		return 0, err
	}
	for _, x := range all {
		if _, err := program.Memory([]tensor.Shape{x.Shape()}); err != nil {
			return 0, err
		}
	}
	return time.Since(start).Seconds(), nil
}
