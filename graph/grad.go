package graph

import "fmt"

// Gradients builds, in the graph of the targets, the gradients of
// Σ seedᵢ·targetᵢ with respect to each of wrt, by reverse accumulation: nodes are
// visited from the last to the first, and each passes the gradients of its
// outputs on to its inputs with [Differentiable]. Where a value is used more
// than once, add sums what comes back. The result is nil for a value that the
// targets do not depend on. What it builds can be differentiated again.
//
// An operator without a gradient on the way is an error that names it.
func Gradients(targets, seeds, wrt []*Value, add func(a, b *Value) *Value) ([]*Value, error) {
	if len(targets) == 0 {
		return make([]*Value, len(wrt)), nil
	}
	g := targets[0].graph
	grad := make([]*Value, len(g.values))
	accumulate := func(v, d *Value) {
		if grad[v.id] == nil {
			grad[v.id] = d
			return
		}
		grad[v.id] = add(grad[v.id], d)
	}
	for i, t := range targets {
		accumulate(t, seeds[i])
	}
	needed := dependents(g, wrt)
	nodes := g.nodes // what is built meanwhile is appended, and not visited
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		if !anyOf(n.in, needed) {
			continue
		}
		flows := false
		out := make([]*Value, len(n.out))
		for j, v := range n.out {
			out[j] = grad[v.id]
			flows = flows || out[j] != nil
		}
		if !flows {
			continue
		}
		back, err := n.gradient(g, out)
		if err != nil {
			return nil, err
		}
		for j, v := range n.in {
			if v != nil && j < len(back) && back[j] != nil && needed[v.id] {
				accumulate(v, back[j])
			}
		}
	}
	result := make([]*Value, len(wrt))
	for i, v := range wrt {
		result[i] = grad[v.id]
	}
	return result, nil
}

func (n *Node) gradient(g *Graph, out []*Value) ([]*Value, error) {
	d, ok := n.op.(Differentiable)
	if !ok {
		return nil, fmt.Errorf("%s: the operator %s has no gradient", orRoot(n.scope), n.op.Spec().Name)
	}
	outer := g.scope
	g.scope = n.scope
	defer func() { g.scope = outer }()
	return d.Grad(n.in, n.out, out), nil
}

func orRoot(scope string) string {
	if scope == "" {
		return "graph"
	}
	return scope
}

// dependents marks the values that depend on any of the given ones through
// floating-point values, themselves included.
func dependents(g *Graph, of []*Value) []bool {
	mark := make([]bool, len(g.values))
	for _, v := range of {
		mark[v.id] = true
	}
	for _, n := range g.nodes {
		if !anyOf(n.in, mark) {
			continue
		}
		for _, v := range n.out {
			if v.typ.IsFloat() {
				mark[v.id] = true
			}
		}
	}
	return mark
}

func anyOf(vs []*Value, mark []bool) bool {
	for _, v := range vs {
		if v != nil && mark[v.id] {
			return true
		}
	}
	return false
}
