package optim_test

import (
	"testing"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// machine runs a graph by the definitions of its operators.
type machine struct {
	graph *graph.Graph
	state map[*graph.Value]*tensor.Tensor // of the variables
}

func newMachine(g *graph.Graph) *machine {
	m := &machine{g, map[*graph.Value]*tensor.Tensor{}}
	for _, v := range g.Variables() {
		m.state[v] = v.Init()
	}
	return m
}

// run computes the wanted values for the inputs, and then updates the variables.
func (m *machine) run(t *testing.T, inputs map[string]*tensor.Tensor, want ...*graph.Value) []*tensor.Tensor {
	t.Helper()
	known := map[*graph.Value]*tensor.Tensor{}
	value := func(v *graph.Value) *tensor.Tensor {
		switch {
		case v == nil:
			return nil
		case v.Origin() == graph.Input:
			return inputs[v.Name()]
		case v.Origin() == graph.Variable:
			return m.state[v]
		case v.Origin() == graph.Constant:
			return v.Init()
		}
		return known[v]
	}
	for _, n := range m.graph.Nodes() {
		var in []*tensor.Tensor
		for _, v := range n.In() {
			in = append(in, value(v))
		}
		out, err := n.Op().Eval(in)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range n.Out() {
			known[v] = out[i]
		}
	}
	var results []*tensor.Tensor
	for _, v := range want {
		results = append(results, value(v))
	}
	next := map[*graph.Value]*tensor.Tensor{}
	for _, u := range m.graph.Updates() {
		next[u.Var] = value(u.New)
	}
	for v, x := range next {
		m.state[v] = x
	}
	return results
}
