package engine

import (
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// Fuser is a [Backend] that has kernels for several nodes at once.
type Fuser interface {
	Backend
	// Fuses tells whether one kernel computes the body better than a kernel for
	// each of its steps. The types are those of all its values, and may hold
	// symbols.
	Fuses(body *op.FusedBody, types []graph.Type) bool
}

// fused is the graph with nodes joined where the backend has a kernel for them.
// A node joins those that compute its inputs if all that reads them comes behind
// the node, whose place the joined node takes: so the order stays, and with it
// the order of updates.
func fused(g *graph.Graph, backend Fuser) (*graph.Graph, error) {
	f := fuser{
		graph: g, backend: backend, group: make([]*group, len(g.Nodes())),
		at: map[*graph.Node]int{}, users: make([][]int, g.NumValues()), kept: make([]bool, g.NumValues()),
	}
	for i, n := range g.Nodes() {
		f.at[n] = i
		for _, v := range n.In() {
			if v != nil {
				f.users[v.ID()] = append(f.users[v.ID()], i)
			}
		}
	}
	for _, v := range g.Outputs() {
		f.kept[v.ID()] = true
	}
	for _, u := range g.Updates() {
		f.kept[u.New.ID()] = true
	}
	any := false
	for i := range g.Nodes() {
		f.join(i)
		any = any || len(f.group[i].nodes) > 1
	}
	if !any {
		return g, nil
	}
	return f.build()
}

// fuser is the state of the pass.
type fuser struct {
	graph   *graph.Graph
	backend Fuser
	group   []*group // of each node, by its place
	at      map[*graph.Node]int
	users   [][]int // the nodes that read each value
	kept    []bool  // values that are outputs or updates
}

// group is nodes that become one, in their order.
type group struct{ nodes []int }

// join makes the group of node i, and lets those join that compute its inputs.
func (f *fuser) join(i int) {
	own := &group{nodes: []int{i}}
	f.group[i] = own
	tried := []*group{own}
	for _, v := range f.graph.Nodes()[i].In() {
		if v == nil || v.Node() == nil {
			continue
		}
		before := f.group[f.at[v.Node()]]
		if slices.Contains(tried, before) {
			continue
		}
		tried = append(tried, before)
		both := append(slices.Clone(before.nodes), own.nodes...)
		slices.Sort(both)
		if !f.movable(before, both, i) {
			continue
		}
		if body, in, _ := f.body(both); f.backend.Fuses(body, typesOf(body, in)) {
			own.nodes = both
			for _, n := range before.nodes {
				f.group[n] = own
			}
		}
	}
}

// movable tells whether the group may be computed at place i: what reads it
// outside of the joined nodes comes later.
func (f *fuser) movable(before *group, joined []int, i int) bool {
	for _, n := range before.nodes {
		for _, v := range f.graph.Nodes()[n].Out() {
			for _, user := range f.users[v.ID()] {
				if user < i && !slices.Contains(joined, user) {
					return false
				}
			}
		}
	}
	return true
}

// body is what the nodes compute, with the values that it takes and those that
// are used elsewhere, which are its results.
func (f *fuser) body(nodes []int) (b *op.FusedBody, in, out []*graph.Value) {
	b = &op.FusedBody{}
	all := f.graph.Nodes()
	inside := func(v *graph.Value) bool {
		return v.Node() != nil && slices.Contains(nodes, f.at[v.Node()])
	}
	for _, n := range nodes {
		for _, v := range all[n].In() {
			if v != nil && !inside(v) && !slices.Contains(in, v) {
				in = append(in, v)
			}
		}
	}
	number := map[*graph.Value]int{nil: -1}
	for i, v := range in {
		number[v] = i
	}
	b.Inputs = len(in)
	next := b.Inputs
	for _, n := range nodes {
		step := op.FusedStep{Op: all[n].Op(), Outs: len(all[n].Out())}
		for _, v := range all[n].In() {
			step.In = append(step.In, number[v])
		}
		for _, v := range all[n].Out() {
			number[v] = next
			if f.kept[v.ID()] || slices.ContainsFunc(f.users[v.ID()], func(u int) bool { return !slices.Contains(nodes, u) }) {
				b.Results, out = append(b.Results, next), append(out, v)
			}
			next++
		}
		b.Steps = append(b.Steps, step)
	}
	return b, in, out
}

// typesOf are the types of all values of a body; nil where they do not fit.
func typesOf(b *op.FusedBody, in []*graph.Value) []graph.Type {
	types := make([]graph.Type, len(in))
	for i, v := range in {
		types[i] = v.Type()
	}
	all, err := b.Types(types)
	if err != nil {
		return nil
	}
	return all
}

// build is the graph of the groups.
func (f *fuser) build() (*graph.Graph, error) {
	b := graph.New()
	b.Name = f.graph.Name
	to := map[*graph.Value]*graph.Value{nil: nil}
	for _, v := range f.graph.Inputs() {
		to[v] = b.Input(v.Name(), v.Type())
	}
	for _, v := range f.graph.Variables() {
		to[v] = b.Variable(v.Name(), v.Init())
	}
	mapped := func(vs []*graph.Value) []*graph.Value {
		out := make([]*graph.Value, len(vs))
		for i, v := range vs {
			if v != nil && to[v] == nil {
				to[v] = b.Constant(v.Init())
			}
			out[i] = to[v]
		}
		return out
	}
	for i, n := range f.graph.Nodes() {
		nodes := f.group[i].nodes
		if i != nodes[len(nodes)-1] {
			continue
		}
		o, in, out := n.Op(), n.In(), n.Out()
		if len(nodes) > 1 {
			var body *op.FusedBody
			body, in, out = f.body(nodes)
			o = op.FusedOp{Body: body}
		}
		end := b.Scope(n.Scope())
		made, err := b.TryApply(o, mapped(in)...)
		end()
		if err != nil {
			return nil, err
		}
		for j, v := range out {
			to[v] = made[j]
		}
	}
	for i, v := range mapped(f.graph.Outputs()) {
		b.Output(f.graph.OutputNames()[i], v)
	}
	for _, u := range f.graph.Updates() {
		b.Update(to[u.Var], mapped([]*graph.Value{u.New})[0])
	}
	return b, nil
}
