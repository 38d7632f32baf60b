package graph

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/emberml/ember/tensor"
)

// foldLimit is the most elements that a folded constant may have: folding is
// for shape arithmetic and scalars, not for making files larger.
const foldLimit = 1 << 16

// Simplify is a new graph that computes the same: without dead code, with equal
// applications merged into one, as those are that a [Covering] operator gives the
// results of, and with what depends on constants alone
// computed (up to 65,536 elements a value). Inputs, variables, outputs and
// updates stay, unused ones too.
func (g *Graph) Simplify() (*Graph, error) {
	seen := map[nodeKey][]*Value{}
	live := g.live()
	covered := g.covered(live)
	simple, err := g.rewrite(live, func(b *Graph, n *Node, in []*Value) ([]*Value, error) {
		if out, ok := foldTypes(b, n); ok {
			return out, nil
		}
		out, ok, err := foldEval(b, n, in)
		if ok || err != nil {
			return out, err
		}
		op := n.op
		if more := covered[makeKey(op, n.in)]; more != nil {
			op = more
		}
		key := makeKey(op, in)
		out, ok = seen[key]
		if !ok {
			out, err = b.TryApply(op, in...)
			seen[key] = out
		}
		return out[:min(len(n.out), len(out))], err
	})
	if err != nil {
		return nil, err
	}
	return simple.rewrite(simple.live(), keep) // what only a folded node needed is dead now
}

// covered are the applications that another one in the graph gives the results of.
func (g *Graph) covered(live []bool) map[nodeKey]Op {
	all := map[nodeKey]Op{}
	for _, n := range g.nodes {
		if more, ok := n.op.(Covering); ok && anyOf(n.out, live) {
			all[makeKey(more.Covers(), n.in)] = n.op
		}
	}
	return all
}

// keep is the rewrite that changes nothing.
func keep(b *Graph, n *Node, in []*Value) ([]*Value, error) { return b.TryApply(n.op, in...) }

// Extract is the part of the graph that the values depend on, as a new graph
// with them as outputs and without updates. Unused inputs and variables are
// left out.
func (g *Graph) Extract(names []string, values []*Value) (*Graph, error) {
	part := *g
	part.outNames, part.outputs, part.updates = names, values, nil
	live := part.live()
	part.inputs, part.variables = nil, nil
	for _, v := range g.values {
		switch {
		case !live[v.id]:
		case v.origin == Input:
			part.inputs = append(part.inputs, v)
		case v.origin == Variable:
			part.variables = append(part.variables, v)
		}
	}
	return part.rewrite(live, keep)
}

func (g *Graph) rewrite(live []bool, replace func(b *Graph, n *Node, in []*Value) ([]*Value, error)) (*Graph, error) {
	b := New()
	b.Name = g.Name
	to := make([]*Value, len(g.values))
	for _, v := range g.inputs {
		to[v.id] = b.Input(v.name, v.typ)
	}
	for _, v := range g.variables {
		to[v.id] = b.Variable(v.name, v.init)
	}
	constants := map[any]*Value{}
	for _, v := range g.values {
		if v.origin != Constant || !live[v.id] {
			continue
		}
		key := constantKey(v.init)
		if constants[key] == nil {
			constants[key] = b.Constant(v.init)
		}
		to[v.id] = constants[key]
	}
	for _, n := range g.nodes {
		if !anyOf(n.out, live) {
			continue
		}
		in := make([]*Value, len(n.in))
		for i, v := range n.in {
			if v != nil {
				in[i] = to[v.id]
			}
		}
		b.scope = n.scope
		out, err := replace(b, n, in)
		if err != nil {
			return nil, err
		}
		if len(out) != len(n.out) {
			return nil, fmt.Errorf("graph: a rewrite of %s gave %d outputs, not %d", n.op.Spec().Name, len(out), len(n.out))
		}
		for i, v := range n.out {
			to[v.id] = out[i]
		}
	}
	b.scope = ""
	for i, v := range g.outputs {
		b.Output(g.outNames[i], to[v.id])
	}
	for _, u := range g.updates {
		b.Update(to[u.Var.id], to[u.New.id])
	}
	return b, nil
}

// constantKey is equal for equal constants: of small ones the content, of others
// the tensor itself.
func constantKey(t *tensor.Tensor) any {
	if t.Len() > 16 || t.DType() == tensor.String {
		return t
	}
	return fmt.Sprint(t.DType(), t.Shape(), t.Contiguous().Bytes())
}

// live marks the values that outputs and updates depend on.
func (g *Graph) live() []bool {
	mark := make([]bool, len(g.values))
	for _, v := range g.outputs {
		mark[v.id] = true
	}
	for _, u := range g.updates {
		mark[u.New.id] = true
	}
	for i := len(g.nodes) - 1; i >= 0; i-- {
		n := g.nodes[i]
		if !anyOf(n.out, mark) {
			continue
		}
		for _, v := range n.in {
			if v != nil {
				mark[v.id] = true
			}
		}
	}
	return mark
}

// nodeKey identifies an application: equal keys compute equal values, since
// operators are comparable and depend on nothing but their inputs.
type nodeKey struct {
	op Op
	in string
}

func makeKey(op Op, in []*Value) nodeKey {
	if !reflect.TypeOf(op).Comparable() {
		panic(fmt.Sprintf("graph: the attributes of %s are not comparable", op.Spec().Name))
	}
	var ids strings.Builder
	for _, v := range in {
		if v == nil {
			ids.WriteString("-,")
			continue
		}
		fmt.Fprintf(&ids, "%d,", v.id)
	}
	return nodeKey{op, ids.String()}
}

// foldTypes replaces a node whose outputs are known from types alone, such as
// the Shape of a value of known shape.
func foldTypes(b *Graph, n *Node) ([]*Value, bool) {
	for _, v := range n.out {
		if v.typ.Const == nil {
			return nil, false
		}
	}
	out := make([]*Value, len(n.out))
	for i, v := range n.out {
		out[i] = b.Constant(v.typ.Const)
	}
	return out, true
}

// foldEval computes a node all of whose inputs are constants.
func foldEval(b *Graph, n *Node, in []*Value) (out []*Value, ok bool, err error) {
	args := make([]*tensor.Tensor, len(in))
	for i, v := range in {
		if v == nil {
			continue
		}
		if v.origin != Constant {
			return nil, false, nil
		}
		args[i] = v.init
	}
	for _, v := range n.out {
		n, known := v.typ.Shape.Len().Size()
		if v.typ.Kind != KindTensor || !known || n > foldLimit {
			return nil, false, nil
		}
	}
	results, err := n.op.Eval(args)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %s: %w", orRoot(n.scope), n.op.Spec().Name, err)
	}
	for _, t := range results {
		out = append(out, b.Constant(t))
	}
	return out, true, nil
}
