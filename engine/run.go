package engine

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// bind gives every kernel its memory, at the first run and after the arena
// moved.
func (pl *plan) bind() {
	pl.arena.reserve(pl.arenaBytes)
	pl.generation = pl.arena.generation
	g := pl.program.graph
	at := make([]*tensor.Tensor, g.NumValues())
	get := func(v *graph.Value) *tensor.Tensor {
		if v == nil {
			return nil
		}
		if at[v.ID()] == nil {
			pl.typeOf(v)
			at[v.ID()] = pl.tensorAt(pl.slots[v.ID()], pl.types[v.ID()])
		}
		return at[v.ID()]
	}
	getAll := func(vs []*graph.Value) []*tensor.Tensor {
		ts := make([]*tensor.Tensor, len(vs))
		for i, v := range vs {
			ts[i] = get(v)
		}
		return ts
	}
	for i := range pl.steps {
		st := &pl.steps[i]
		var scratch []byte
		if s := st.scratch; s != nil {
			scratch = pl.arena.mem[s.offset : s.offset+s.size : s.offset+s.size]
		}
		st.out = getAll(st.node.Out())
		st.kernel.Bind(getAll(st.node.In()), st.out, scratch)
	}
	pl.inputs = getAll(g.Inputs())
	pl.outputs = getAll(g.Outputs())
	pl.snapshots = nil
	for i, v := range g.Outputs() {
		if pl.updated(pl.slots[v.ID()]) {
			shot := copying{to: pl.outputs[i].Clone(), from: pl.outputs[i]}
			pl.outputs[i] = shot.to
			pl.snapshots = append(pl.snapshots, shot)
		}
	}
	pl.updates = nil
	for _, u := range g.Updates() {
		if pl.slots[u.Var.ID()] != pl.slots[u.New.ID()] {
			c := copying{to: get(u.Var), from: get(u.New)}
			if pl.updated(pl.slots[u.New.ID()]) {
				shot := copying{to: c.from.Clone(), from: c.from}
				c.from = shot.to
				pl.snapshots = append(pl.snapshots, shot)
			}
			pl.updates = append(pl.updates, c)
		}
	}
}

// updated tells whether a slot is the memory of a variable that is updated: what
// else lives there is copied before.
func (pl *plan) updated(s *slot) bool {
	for _, u := range pl.program.graph.Updates() {
		if pl.slots[u.Var.ID()] == s {
			return true
		}
	}
	return false
}

// tensorAt is a value of the type in the slot's memory.
func (pl *plan) tensorAt(s *slot, typ graph.Type) *tensor.Tensor {
	shape, _ := typ.Shape.Concrete()
	if s.fixed != nil {
		return s.fixed.Reshape(shape...)
	}
	return tensor.Wrap(typ.DType, pl.arena.mem[s.offset:s.offset+s.size:s.offset+s.size], shape...)
}

func (pl *plan) run(in []*tensor.Tensor, observe func(n *graph.Node, out []*tensor.Tensor) error) ([]*tensor.Tensor, error) {
	if pl.generation != pl.arena.generation || pl.generation == 0 {
		pl.bind()
	}
	if invariants {
		poison(pl.arena.mem)
	}
	for i, t := range in {
		tensor.CopyInto(pl.inputs[i], t)
	}
	for i := range pl.steps {
		st := &pl.steps[i]
		if err := st.kernel.Run(); err != nil {
			return nil, nodeError(st.node, err)
		}
		if observe != nil {
			if err := observe(st.node, st.out); err != nil {
				return nil, nodeError(st.node, err)
			}
		}
	}
	for _, c := range pl.snapshots {
		tensor.CopyInto(c.to, c.from)
	}
	for _, c := range pl.updates {
		tensor.CopyInto(c.to, c.from)
	}
	return pl.outputs, nil
}

// poison fills memory with NaN (as float32 and float64), so that what reads
// before it writes is seen.
func poison(mem []byte) {
	for i := range mem {
		mem[i] = 0xFF
	}
}
