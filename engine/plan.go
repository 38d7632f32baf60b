package engine

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// plan is a program for inputs of fixed shapes: kernels and places.
type plan struct {
	program *Program       // nil once the plan is released
	shapes  []tensor.Shape // of the inputs
	types   []graph.Type   // of every value, by id
	slots   []*slot        // where every value lives, by id
	steps   []step
	results []place // where the outputs are once the run has ended
	// After the last step, snapshots keep what late updates of variables would
	// overwrite before it is read.
	snapshots     []transfer
	updates       []update // in the order in which they are made
	arenaBytes    int
	constantBytes int

	arena   *Arena
	bound   bool // to the arena's memory, where the following lie
	inputs  []*tensor.Tensor
	outputs []*tensor.Tensor
	kept    []copying // the snapshots
	written []copying // by the updates
}

// step is one kernel to run.
type step struct {
	node    *graph.Node
	at      int // among the graph's nodes
	kernel  Kernel
	inPlace [][]int
	packing *Packing // of constants
	scratch *slot
	out     []*tensor.Tensor
}

// place is a value of a type in a slot.
type place struct {
	slot *slot
	typ  graph.Type
}

// transfer is a copy to make, and copying the same once the memory is known.
type (
	transfer struct{ to, from place }
	copying  struct{ to, from *tensor.Tensor }
)

// update is what a variable becomes.
type update struct {
	variable string
	after    int      // the node after which it is written and its memory needed no more
	transfer transfer // of nothing where the value is computed in the variable's memory
}

// slot is a piece of memory that one or more values live in, one after the
// other or as views of each other.
type slot struct {
	size        int
	first, last int            // steps between which it is needed, inclusive
	offset      int            // in the arena
	fixed       *tensor.Tensor // variable, constant or string: outside the arena
	varies      bool           // a variable that a program may write to
}

// newPlan infers the concrete types, chooses kernels and places memory.
func (p *Program) newPlan(shapes []tensor.Shape) (*plan, error) {
	g := p.graph
	pl := &plan{
		program: p, shapes: shapes, arena: p.options.Arena,
		types: make([]graph.Type, g.NumValues()),
		slots: make([]*slot, g.NumValues()),
	}
	if err := pl.bindSymbols(); err != nil {
		return nil, err
	}
	for _, v := range g.Variables() {
		t := p.variables[v.Name()]
		pl.types[v.ID()] = graph.TypeOf(t)
		pl.slots[v.ID()] = &slot{fixed: t, varies: !p.options.State.aliases[v.Name()]}
	}
	end := len(g.Nodes()) // the step after the last one
	for _, v := range g.Inputs() {
		pl.slots[v.ID()] = newSlot(pl.types[v.ID()], 0)
	}
	for i, n := range g.Nodes() {
		if err := pl.addStep(i, n); err != nil {
			return nil, err
		}
	}
	for _, v := range g.Outputs() {
		pl.use(v, end)
	}
	after := pl.writable(end)
	for _, u := range g.Updates() {
		pl.use(u.New, end)
	}
	pl.updateInPlace()
	pl.shareInPlace()
	pl.planTransfers(after, end)
	pl.place()
	return pl, nil
}

// newSlot is memory of its own for a value that is needed at a step.
func newSlot(t graph.Type, at int) *slot {
	n, _ := t.Bytes()
	s := &slot{size: n, first: at, last: at}
	if t.DType == tensor.String {
		shape, _ := t.Shape.Concrete()
		s.fixed = tensor.New(tensor.String, shape...)
	}
	return s
}

// writable returns for each update the node after which the run needs neither
// the variable's old value nor its new one: the end for what another variable
// becomes.
func (pl *plan) writable(end int) []int {
	updates := pl.program.graph.Updates()
	wanted := map[*slot]bool{}
	for _, u := range updates {
		pl.typeOf(u.New)
		wanted[pl.slots[u.New.ID()]] = true
	}
	var after []int
	for _, u := range updates {
		variable := pl.slots[u.Var.ID()]
		if last := max(variable.last, pl.slots[u.New.ID()].last); !wanted[variable] {
			after = append(after, last)
		} else {
			after = append(after, end)
		}
	}
	return after
}

// planTransfers plans the updates, as early as after says, and where the outputs
// are after the last step.
func (pl *plan) planTransfers(after []int, end int) {
	at := func(v *graph.Value) place {
		pl.typeOf(v)
		return place{pl.slots[v.ID()], pl.types[v.ID()]}
	}
	settled := func(v *graph.Value) place {
		p := at(v)
		if !pl.updated(p.slot) {
			return p
		}
		snapshot := place{newSlot(p.typ, end), p.typ}
		pl.snapshots = append(pl.snapshots, transfer{snapshot, p})
		return snapshot
	}
	g := pl.program.graph
	for _, v := range g.Outputs() {
		pl.results = append(pl.results, settled(v))
	}
	for i, u := range g.Updates() {
		w := update{variable: u.Var.Name(), after: after[i]}
		if pl.slots[u.Var.ID()] != pl.slots[u.New.ID()] {
			w.transfer = transfer{at(u.Var), settled(u.New)}
			if w.transfer.from.slot != pl.slots[u.New.ID()] {
				w.after = end // the snapshot's
			}
		}
		pl.updates = append(pl.updates, w)
	}
	slices.SortStableFunc(pl.updates, func(a, b update) int { return a.after - b.after })
}

// updated tells whether a slot is the memory of a variable that is updated.
func (pl *plan) updated(s *slot) bool {
	return slices.ContainsFunc(pl.program.graph.Updates(), func(u graph.Update) bool {
		return pl.slots[u.Var.ID()] == s
	})
}

// bindSymbols gives the inputs their concrete types and checks that equal
// symbols have equal sizes.
func (pl *plan) bindSymbols() error {
	sizes := map[graph.Dim]int{}
	for i, v := range pl.program.graph.Inputs() {
		shape := pl.shapes[i]
		bad := len(shape) != v.Rank()
		for d := 0; !bad && d < len(shape); d++ {
			dim := v.Shape()[d]
			if n, known := dim.Size(); known {
				bad = n != shape[d]
				continue
			}
			n, seen := sizes[dim]
			bad = seen && n != shape[d]
			sizes[dim] = shape[d]
		}
		if bad {
			return fmt.Errorf("engine: input %s is %v, given shape %v", v.Name(), v.Type(), shape)
		}
		pl.types[v.ID()] = graph.TensorOf(v.DType(), graph.Dims(shape...)...)
		if _, ok := pl.types[v.ID()].Bytes(); !ok {
			return fmt.Errorf("engine: no memory holds input %s of shape %v", v.Name(), shape)
		}
	}
	return nil
}

// typeOf is a value's concrete type; constants are met here first.
func (pl *plan) typeOf(v *graph.Value) graph.Type {
	if v == nil {
		return graph.Type{}
	}
	if v.Origin() == graph.Constant && pl.slots[v.ID()] == nil {
		pl.setConstant(v, v.Init())
	}
	return pl.types[v.ID()]
}

func (pl *plan) setConstant(v *graph.Value, t *tensor.Tensor) {
	t = t.Contiguous()
	pl.types[v.ID()] = graph.ConstType(t)
	pl.slots[v.ID()] = &slot{fixed: t}
	pl.constantBytes += t.Len() * t.DType().Size()
}

// addStep plans one node: nothing where its outputs are known already, a shared
// slot where it is a view, else a kernel.
func (pl *plan) addStep(i int, n *graph.Node) error {
	in := make([]graph.Type, len(n.In()))
	for j, v := range n.In() {
		in[j] = pl.typeOf(v)
	}
	out, err := n.Op().Infer(in)
	if err != nil {
		return nodeError(n, err)
	}
	if known, err := pl.fold(n, in, out); known || err != nil {
		return err
	}
	for j, v := range n.Out() {
		if _, ok := out[j].Shape.Concrete(); !ok || out[j].Kind != graph.KindTensor {
			return nodeError(n, fmt.Errorf("the type %v of output %d depends on the data, which this engine cannot plan", out[j], j))
		}
		if _, ok := out[j].Bytes(); !ok {
			return nodeError(n, fmt.Errorf("no memory holds output %d of type %v", j, out[j]))
		}
		pl.types[v.ID()] = out[j]
	}
	typeOnly := n.Op().Spec().TypeOnly
	for j, v := range n.In() {
		if v != nil && !slices.Contains(typeOnly, j) {
			pl.use(v, i)
		}
	}
	prepared, ok := pl.program.options.Backend.Prepare(n.Op(), in, out)
	if !ok {
		prepared = Prepared{Kernel: &evalKernel{op: n.Op()}}
	}
	if prepared.View {
		pl.slots[n.Out()[0].ID()] = pl.slots[n.In()[0].ID()]
		return nil
	}
	for j, v := range n.Out() {
		pl.slots[v.ID()] = newSlot(out[j], i)
	}
	st := step{node: n, at: i, kernel: prepared.Kernel, inPlace: prepared.InPlace}
	if prepared.Scratch > 0 {
		st.scratch = &slot{size: prepared.Scratch, first: i, last: i}
	}
	if p := prepared.Packing; pl.packable(p, n) {
		st.packing = p
		pl.constantBytes += p.Size
	}
	pl.steps = append(pl.steps, st)
	return nil
}

// foldLimit is the most elements of an output that is computed while a plan is
// made, outside the arena.
const foldLimit = 1 << 22

// fold makes constants of outputs that are known once the shapes are: shape
// arithmetic costs nothing at run time.
func (pl *plan) fold(n *graph.Node, in, out []graph.Type) (bool, error) {
	known := true
	for _, t := range out {
		known = known && t.Const != nil
	}
	if known {
		for j, v := range n.Out() {
			pl.setConstant(v, out[j].Const)
		}
		return true, nil
	}
	args := make([]*tensor.Tensor, len(in))
	for j, t := range in {
		if t.Present() && t.Const == nil {
			return false, nil
		}
		args[j] = t.Const
	}
	for _, t := range out {
		if n, known := t.Shape.Len().Size(); !known || n > foldLimit {
			return false, nil
		}
	}
	results, err := n.Op().Eval(args)
	if err != nil {
		return false, nodeError(n, err)
	}
	for j, v := range n.Out() {
		pl.setConstant(v, results[j])
	}
	return true, nil
}

// nodeError names the layer and the operator that an error comes from.
func nodeError(n *graph.Node, err error) error {
	if n.Scope() == "" {
		return fmt.Errorf("%s: %w", n.Op().Spec().Name, err)
	}
	return fmt.Errorf("%s: %s: %w", n.Scope(), n.Op().Spec().Name, err)
}

// use notes that a value is needed at a step.
func (pl *plan) use(v *graph.Value, at int) {
	pl.typeOf(v)
	s := pl.slots[v.ID()]
	s.last = max(s.last, at)
}

// release lets go of all memory; the plan fits nothing any more.
func (pl *plan) release() {
	if pl.bound {
		delete(pl.arena.bound, pl)
	}
	*pl = plan{}
}

func (pl *plan) released() bool { return pl.program == nil }

// fits tells whether the plan is for inputs of these shapes.
func (pl *plan) fits(in []*tensor.Tensor) bool {
	return !pl.released() && slices.EqualFunc(in, pl.shapes, func(t *tensor.Tensor, s tensor.Shape) bool {
		return t.Shape().Equal(s)
	})
}
