package cpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// TestRandomGraphs runs random graphs of cheap operators, with views, values
// used many times, several outputs and updates of variables by each other: what
// placing memory, working in place and fusing could get wrong. Every run, fused and
// not, is compared with the operators' definitions. Who hears of an update takes the value and
// spoils the variable, which the run is to need no more.
func TestRandomGraphs(t *testing.T) {
	backend := cpu.New(cpu.Options{Threads: 2})
	t.Cleanup(backend.Close)
	joined := 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 0))
		g, err := graph.Build(func(g *graph.Graph) { randomGraph(g, rng) })
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		heard := map[string]*tensor.Tensor{}
		var p *engine.Program
		p, err = engine.Compile(g, engine.Options{Backend: backend, Unfused: seed%4 == 3, Updated: func(variable string) {
			v := p.State().Get(variable)
			if heard[variable] != nil {
				t.Errorf("seed %d: %s is updated twice", seed, variable)
			}
			heard[variable] = v.Clone()
			tensor.CopyInto(v, tensor.Full(float32(math.NaN()), v.Shape()...))
		}})
		if err != nil {
			t.Fatalf("seed %d: %v\n%v", seed, err, g)
		}
		joined += fusedNodes(p)
		state := map[string]*tensor.Tensor{}
		for _, v := range g.Variables() {
			state[v.Name()] = v.Init()
		}
		for run := range 3 {
			x := tensor.RandStream(seed, fmt.Sprint(run)).Uniform(tensor.Float32, -1, 1, 3, 4)
			want := define(t, g, x, state)
			got, err := p.Run([]*tensor.Tensor{x})
			if err != nil {
				t.Fatalf("seed %d: %v\n%v", seed, err, g)
			}
			for i := range g.Outputs() {
				if !tensor.AllClose(got[i], want[i], 0, 0) {
					t.Fatalf("seed %d, run %d: output %d is\n%v\nwant\n%v\n%v", seed, run, i, got[i], want[i], g)
				}
			}
			for i, u := range g.Updates() {
				value := want[len(g.Outputs())+i]
				state[u.Var.Name()] = value
				now := heard[u.Var.Name()]
				if now == nil || !tensor.AllClose(now, value, 0, 0) {
					t.Fatalf("seed %d, run %d: %s is\n%v\nwant\n%v\n%v", seed, run, u.Var.Name(), now, value, g)
				}
				if err := p.State().Set(u.Var.Name(), value); err != nil {
					t.Fatal(err)
				}
			}
			clear(heard)
		}
	}
	if joined < 200 {
		t.Errorf("only %d nodes were fused", joined)
	}
}

// fusedNodes counts the nodes of a program that are several in one.
func fusedNodes(p *engine.Program) int {
	count := 0
	for _, n := range p.Graph().Nodes() {
		if _, ok := n.Op().(op.FusedOp); ok {
			count++
		}
	}
	return count
}

// randomGraph builds nodes over values of shape [3 4] and [4 3].
func randomGraph(g *graph.Graph, rng *rand.Rand) {
	values := []*graph.Value{g.Input("x", graph.TensorOf(tensor.Float32, graph.Dims(3, 4)...))}
	for i := range 3 {
		init := tensor.RandStream(uint64(i), "w").Uniform(tensor.Float32, -1, 1, 3, 4)
		values = append(values, g.Variable(fmt.Sprintf("w%d", i), init))
	}
	variables := values[1:4:4]
	pick := func() *graph.Value { return values[rng.IntN(len(values))] }
	like := func(v *graph.Value) *graph.Value { return op.ReshapeLike(pick(), v) }
	for range 3 + rng.IntN(25) {
		a := pick()
		var v *graph.Value
		switch rng.IntN(13) {
		case 0:
			v = op.Add(a, like(a))
		case 1:
			v = op.Mul(a, like(a))
		case 2:
			v = op.Relu(a)
		case 3:
			v = op.Neg(a)
		case 4:
			v = op.Transpose(a)
		case 5:
			v = op.Reshape(a, 4, 3)
		case 6:
			v = op.Sub(a, a)
		case 7:
			v = op.Max(a, op.Scalar(a, 0.1))
		case 8:
			v = op.Identity(a)
		case 9:
			joined := op.Concat(0, a, like(a))
			n, _ := a.Shape()[0].Size()
			v = op.Slice(joined, 0, 1, 1+n, 1)
		case 10:
			v = op.Where(op.Greater(a, op.Scalar(a, 0)), like(a), a)
		case 11:
			v = op.Abs(op.Add(a, op.ReduceMax(a, []int{0}, true)))
		case 12:
			v = op.Mul(a, op.ExpandLike(op.Scalar(a, 0.5), a))
		}
		values = append(values, v)
	}
	for i := range 1 + rng.IntN(3) {
		g.Output(fmt.Sprintf("out%d", i), pick())
	}
	for _, w := range variables {
		if rng.IntN(3) > 0 {
			g.Update(w, op.ReshapeLike(pick(), w))
		}
	}
}

// define computes outputs and updates by the operators' definitions.
func define(t *testing.T, g *graph.Graph, x *tensor.Tensor, state map[string]*tensor.Tensor) []*tensor.Tensor {
	t.Helper()
	at := make([]*tensor.Tensor, g.NumValues())
	get := func(v *graph.Value) *tensor.Tensor {
		switch v.Origin() {
		case graph.Input:
			return x
		case graph.Variable:
			return state[v.Name()]
		case graph.Constant:
			return v.Init()
		}
		return at[v.ID()]
	}
	for _, n := range g.Nodes() {
		var in []*tensor.Tensor
		for _, v := range n.In() {
			in = append(in, get(v))
		}
		out, err := n.Op().Eval(in)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range n.Out() {
			at[v.ID()] = out[i].Clone()
		}
	}
	var results []*tensor.Tensor
	for _, v := range g.Outputs() {
		results = append(results, get(v))
	}
	for _, u := range g.Updates() {
		results = append(results, get(u.New))
	}
	return results
}
