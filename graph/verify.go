package graph

import "fmt"

// Verify checks that the graph is well formed: each node follows what it
// depends on, types are what inference says, outputs and updates exist and fit.
// Passes call it after each rewrite.
func (g *Graph) Verify() error {
	defined := make([]bool, len(g.values))
	for id, v := range g.values {
		if v.id != id || v.graph != g {
			return fmt.Errorf("graph: value %s is not at its place", v.Name())
		}
		defined[id] = v.origin != Computed
	}
	for i, n := range g.nodes {
		name := fmt.Sprintf("node %d (%s %s)", i, orRoot(n.scope), n.op.Spec().Name)
		types := make([]Type, len(n.in))
		for j, v := range n.in {
			if v == nil {
				continue
			}
			if v.graph != g || !defined[v.id] {
				return fmt.Errorf("graph: %s uses %s before it is computed", name, v.Name())
			}
			types[j] = v.typ
		}
		want, err := n.op.Infer(types)
		if err != nil {
			return fmt.Errorf("graph: %s: %w", name, err)
		}
		if len(want) != len(n.out) {
			return fmt.Errorf("graph: %s has %d outputs, inference gives %d", name, len(n.out), len(want))
		}
		for j, v := range n.out {
			if v.node != n || v.index != j {
				return fmt.Errorf("graph: %s: output %d names another node", name, j)
			}
			if v.typ.Kind != want[j].Kind || v.typ.DType != want[j].DType || !v.typ.Shape.Equal(want[j].Shape) {
				return fmt.Errorf("graph: %s: output %d has type %v, inference gives %v", name, j, v.typ, want[j])
			}
			defined[v.id] = true
		}
	}
	for i, v := range g.outputs {
		if v.graph != g || !defined[v.id] {
			return fmt.Errorf("graph: output %q is never computed", g.outNames[i])
		}
	}
	for _, u := range g.updates {
		if u.New.graph != g || !defined[u.New.id] || u.Var.origin != Variable {
			return fmt.Errorf("graph: the update of %s is never computed", u.Var.Name())
		}
		if want, got := u.Var.typ, u.New.typ; want.DType != got.DType || !want.Shape.Equal(got.Shape) {
			return fmt.Errorf("graph: the update of %s has type %v, not %v", u.Var.Name(), got, want)
		}
	}
	return nil
}
