package engine

import (
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// bind gives every kernel its memory, before the first run.
func (pl *plan) bind() {
	pl.arena.reserve(pl.arenaBytes)
	pl.arena.bound[pl], pl.bound = true, true
	g := pl.program.graph
	at := make([]*tensor.Tensor, g.NumValues())
	get := func(v *graph.Value) *tensor.Tensor {
		if v == nil {
			return nil
		}
		if at[v.ID()] == nil {
			pl.typeOf(v)
			at[v.ID()] = pl.tensorAt(place{pl.slots[v.ID()], pl.types[v.ID()]})
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
		if st.scratch != nil {
			scratch = pl.memoryOf(st.scratch)
		}
		st.out = getAll(st.node.Out())
		in := getAll(st.node.In())
		st.kernel.Bind(in, st.out, scratch)
		if p := st.packing; p != nil {
			p.Use(pl.program.packed.get(p, st.node, in))
		}
	}
	pl.inputs = getAll(g.Inputs())
	for _, p := range pl.results {
		pl.outputs = append(pl.outputs, pl.tensorAt(p))
	}
	for _, t := range pl.snapshots {
		pl.kept = append(pl.kept, pl.copying(t))
	}
	for _, u := range pl.updates {
		c := copying{}
		if u.transfer.to.slot != nil {
			c = pl.copying(u.transfer)
		}
		pl.written = append(pl.written, c)
	}
}

func (pl *plan) copying(t transfer) copying {
	return copying{pl.tensorAt(t.to), pl.tensorAt(t.from)}
}

// tensorAt is the tensor of a place.
func (pl *plan) tensorAt(p place) *tensor.Tensor {
	shape, _ := p.typ.Shape.Concrete()
	if p.slot.fixed != nil {
		return p.slot.fixed.Reshape(shape...)
	}
	return tensor.Wrap(p.typ.DType, pl.memoryOf(p.slot), shape...)
}

// memoryOf is the part of the arena that a slot is.
func (pl *plan) memoryOf(s *slot) []byte {
	return pl.arena.mem[s.offset : s.offset+s.size : s.offset+s.size]
}

func (pl *plan) run(in []*tensor.Tensor, observe func(n *graph.Node, out []*tensor.Tensor) error) ([]*tensor.Tensor, error) {
	if !pl.bound {
		pl.bind()
	}
	in = pl.outside(in)
	if invariants {
		poison(pl.arena.mem)
	}
	for i, t := range in {
		tensor.CopyInto(pl.inputs[i], t)
	}
	done := 0 // updates
	for i := range pl.steps {
		st := &pl.steps[i]
		done = pl.update(done, st.at)
		if err := st.kernel.Run(); err != nil {
			return nil, nodeError(st.node, err)
		}
		if observe != nil {
			if err := observe(st.node, st.out); err != nil {
				return nil, nodeError(st.node, err)
			}
		}
	}
	end := len(pl.program.graph.Nodes())
	done = pl.update(done, end)
	for _, c := range pl.kept {
		tensor.CopyInto(c.to, c.from)
	}
	pl.update(done, end+1)
	return pl.outputs, nil
}

// update makes the updates, of which so many are done, that come before a node,
// and returns how many are done then.
func (pl *plan) update(done, before int) int {
	for ; done < len(pl.updates) && pl.updates[done].after < before; done++ {
		if c := pl.written[done]; c.to != nil {
			tensor.CopyInto(c.to, c.from)
		}
		if hear := pl.program.options.Updated; hear != nil {
			hear(pl.updates[done].variable)
		}
	}
	return done
}

// outside are the inputs, of which those are copied that lie in the arena: the
// run overwrites it.
func (pl *plan) outside(in []*tensor.Tensor) []*tensor.Tensor {
	copied := false
	for i, t := range in {
		if !pl.arena.holds(t) {
			continue
		}
		if !copied {
			in, copied = slices.Clone(in), true
		}
		in[i] = t.Clone()
	}
	return in
}

// poison fills memory with NaN (as float32 and float64), so that what reads
// before it writes is seen.
func poison(mem []byte) {
	for i := range mem {
		mem[i] = 0xFF
	}
}
