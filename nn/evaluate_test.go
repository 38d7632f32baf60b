package nn_test

import (
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// evaluators run a graph once. Inputs and variables are fed by name; the result
// has the outputs and the updated variables by name.
var evaluators = []struct {
	name string
	run  func(t *testing.T, g *graph.Graph, feed map[string]*tensor.Tensor) map[string]*tensor.Tensor
}{
	{"definition", evaluate},
	{"engine", evaluateOnEngine},
}

// evaluateOnEngine compiles the graph for the processor and runs it.
func evaluateOnEngine(t *testing.T, g *graph.Graph, feed map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	t.Helper()
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	state := engine.NewState()
	program, err := engine.Compile(g, engine.Options{Backend: backend, State: state})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range g.Variables() {
		if feed[v.Name()] != nil {
			tensor.CopyInto(state.Get(v.Name()), feed[v.Name()])
		}
	}
	var in []*tensor.Tensor
	for _, v := range g.Inputs() {
		in = append(in, feed[v.Name()])
	}
	out, err := program.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*tensor.Tensor{}
	for i, name := range g.OutputNames() {
		got[name] = out[i]
	}
	for _, u := range g.Updates() {
		got[u.Var.Name()] = state.Get(u.Var.Name())
	}
	return got
}

// evaluate runs the graph node by node by the operators' definitions.
func evaluate(t *testing.T, g *graph.Graph, feed map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	t.Helper()
	values := make([]*tensor.Tensor, g.NumValues())
	value := func(v *graph.Value) *tensor.Tensor {
		switch {
		case v == nil:
			return nil
		case v.Node() != nil:
			return values[v.ID()]
		case feed[v.Name()] != nil:
			return feed[v.Name()]
		case v.Init() == nil:
			t.Fatalf("input %s is not fed", v.Name())
		}
		return v.Init()
	}
	for _, n := range g.Nodes() {
		in := make([]*tensor.Tensor, len(n.In()))
		for i, v := range n.In() {
			in[i] = value(v)
		}
		out, err := n.Op().Eval(in)
		if err != nil {
			t.Fatalf("%s: %s: %v", n.Scope(), n.Op().Spec().Name, err)
		}
		for i, v := range n.Out() {
			values[v.ID()] = out[i]
		}
	}
	got := map[string]*tensor.Tensor{}
	for i, name := range g.OutputNames() {
		got[name] = value(g.Outputs()[i])
	}
	for _, u := range g.Updates() {
		got[u.Var.Name()] = value(u.New)
	}
	return got
}
