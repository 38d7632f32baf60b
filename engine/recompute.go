package engine

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

const (
	// recomputeGap is how many nodes that are not cheap lie at least between the
	// reads of a value that is not kept: fewer save little.
	recomputeGap = 4
	// recomputeNodes is the most nodes that are run again for one value.
	recomputeNodes = 4
)

// recomputing is the graph in which activations that cost little, and are read
// again much later, are computed anew for that from what is kept anyhow: the same
// operators of the same values, so the same bits (Chen, Xu, Zhang and Guestrin,
// "Training Deep Nets with Sublinear Memory Cost", 2016). ok is false where there
// are none.
func recomputing(g *graph.Graph) (lean *graph.Graph, ok bool, err error) {
	r := recomputer{
		at: map[*graph.Node]int{}, until: make([]int, g.NumValues()), late: map[*graph.Value]int{},
		to: map[*graph.Value]*graph.Value{}, again: map[*graph.Node][]*graph.Value{},
	}
	r.choose(g)
	if len(r.late) == 0 {
		return g, false, nil
	}
	lean, err = g.Replace(r.replace)
	return lean, true, err
}

// recomputer is the state of the rewrite.
type recomputer struct {
	at    map[*graph.Node]int
	until []int                          // the last node that reads each value as it was first computed
	late  map[*graph.Value]int           // of values that are not kept: the first node that reads them again
	to    map[*graph.Value]*graph.Value  // the new graph's values
	again map[*graph.Node][]*graph.Value // what nodes that ran again gave
}

// choose finds the values that are not kept, the first in the graph first. They
// are first outputs: others are statistics, which take little.
func (r *recomputer) choose(g *graph.Graph) {
	users := make([][]int, g.NumValues())
	var costly []int // nodes that are not cheap before each node
	count := 0
	for i, n := range g.Nodes() {
		r.at[n] = i
		costly = append(costly, count)
		if !cheap(n.Op()) {
			count++
		}
		for _, v := range n.In() {
			if v != nil {
				users[v.ID()] = append(users[v.ID()], i)
				r.until[v.ID()] = i
			}
		}
	}
	for _, v := range g.Outputs() {
		r.until[v.ID()] = len(g.Nodes())
	}
	for _, u := range g.Updates() {
		r.until[u.New.ID()] = len(g.Nodes())
	}
	for i, n := range g.Nodes() {
		v := n.Out()[0]
		early, gap, late := i, 0, 0
		last := i
		for _, u := range users[v.ID()] {
			if between := costly[u] - costly[last]; between > gap {
				early, gap, late = last, between, u
			}
			last = u
		}
		if gap >= recomputeGap && r.until[v.ID()] < len(g.Nodes()) && r.cost(n, late) <= recomputeNodes {
			r.late[v], r.until[v.ID()] = late, early
		}
	}
}

// cost is how many nodes run again to compute a node at place i; more than
// recomputeNodes where that is too many or one of them costs much.
func (r *recomputer) cost(n *graph.Node, i int) int {
	if !cheap(n.Op()) {
		return recomputeNodes + 1
	}
	nodes := 1
	for _, v := range n.In() {
		if v != nil && !r.kept(v, i) && nodes <= recomputeNodes {
			nodes += r.cost(v.Node(), i)
		}
	}
	return nodes
}

// cheap tells whether an operator takes about the time of reading its input.
func cheap(o graph.Op) bool {
	_, norm := o.(op.BatchNormTrainOp)
	return norm || o.Spec().FLOPs == nil
}

// kept tells whether a value as first computed is there for node i.
func (r *recomputer) kept(v *graph.Value, i int) bool {
	return v.Node() == nil || r.until[v.ID()] >= i
}

// replace gives a node values that are computed anew where the first are not kept.
func (r *recomputer) replace(n *graph.Node, in []*graph.Value) []*graph.Value {
	changed := false
	for j, v := range n.In() {
		if v == nil {
			continue
		}
		if r.to[v] == nil {
			r.to[v] = in[j]
		}
		if now := r.value(v, r.at[n]); now != in[j] {
			in[j], changed = now, true
		}
	}
	if !changed {
		return nil
	}
	return r.apply(n, in)
}

// value is a value of the new graph for a node at place i.
func (r *recomputer) value(v *graph.Value, i int) *graph.Value {
	if v == nil || r.kept(v, i) {
		return r.to[v]
	}
	n := v.Node()
	if r.again[n] == nil {
		in := make([]*graph.Value, len(n.In()))
		for j, v := range n.In() {
			in[j] = r.value(v, i)
		}
		r.again[n] = r.apply(n, in)
	}
	return r.again[n][v.Index()]
}

func (r *recomputer) apply(n *graph.Node, in []*graph.Value) []*graph.Value {
	for _, v := range in {
		if v != nil {
			return v.Graph().Apply(n.Op(), in...)
		}
	}
	return nil
}
