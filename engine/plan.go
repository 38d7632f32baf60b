package engine

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// plan is a program for inputs of fixed shapes: kernels and places.
type plan struct {
	program *Program
	shapes  []tensor.Shape // of the inputs
	types   []graph.Type   // of every value, by id
	slots   []*slot        // where every value lives, by id
	steps   []step
	// After the last step, snapshots keep what the updates of variables would
	// overwrite before it is read; then come the updates.
	snapshots, updates []copying
	arenaBytes         int
	// constantBytes counts the constants that the graph holds.
	constantBytes int

	arena      *Arena
	generation int // of the arena that the plan is bound to
	inputs     []*tensor.Tensor
	outputs    []*tensor.Tensor
}

// step is one kernel to run.
type step struct {
	node    *graph.Node
	kernel  Kernel
	inPlace [][]int
	scratch *slot
	out     []*tensor.Tensor
}

// copying is a copy to make after the last step.
type copying struct{ to, from *tensor.Tensor }

// slot is a piece of memory that one or more values live in, one after the
// other or as views of each other.
type slot struct {
	size        int
	first, last int            // steps between which it is needed, inclusive
	offset      int            // in the arena
	fixed       *tensor.Tensor // variable, constant or string: outside the arena
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
		pl.slots[v.ID()] = &slot{fixed: t}
	}
	end := len(g.Nodes()) // the step after the last one
	for _, v := range g.Inputs() {
		pl.slots[v.ID()] = &slot{size: bytesOf(pl.types[v.ID()])}
	}
	for i, n := range g.Nodes() {
		if err := pl.addStep(i, n); err != nil {
			return nil, err
		}
	}
	for _, v := range g.Outputs() {
		pl.use(v, end)
	}
	for _, u := range g.Updates() {
		pl.use(u.New, end)
	}
	pl.updateInPlace()
	pl.shareInPlace()
	pl.place()
	return pl, nil
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
		return pl.fail(n, err)
	}
	if known, err := pl.fold(n, in, out); known || err != nil {
		return err
	}
	for j, v := range n.Out() {
		if _, ok := out[j].Shape.Concrete(); !ok || out[j].Kind != graph.KindTensor {
			return pl.fail(n, fmt.Errorf("the type %v of output %d depends on the data, which this engine cannot plan", out[j], j))
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
		s := &slot{size: bytesOf(out[j]), first: i, last: i}
		if out[j].DType == tensor.String {
			shape, _ := out[j].Shape.Concrete()
			s.fixed = tensor.New(tensor.String, shape...)
		}
		pl.slots[v.ID()] = s
	}
	st := step{node: n, kernel: prepared.Kernel, inPlace: prepared.InPlace}
	if prepared.Scratch > 0 {
		st.scratch = &slot{size: prepared.Scratch, first: i, last: i}
	}
	pl.steps = append(pl.steps, st)
	return nil
}

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
	results, err := n.Op().Eval(args)
	if err != nil {
		return false, pl.fail(n, err)
	}
	for j, v := range n.Out() {
		pl.setConstant(v, results[j])
	}
	return true, nil
}

func (pl *plan) fail(n *graph.Node, err error) error { return nodeError(n, err) }

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

func bytesOf(t graph.Type) int {
	n, _ := t.Bytes()
	return n
}

// fits tells whether the plan is for inputs of these shapes and types.
func (pl *plan) fits(in []*tensor.Tensor) bool {
	if len(in) != len(pl.shapes) {
		return false
	}
	for i, t := range in {
		if !t.Shape().Equal(pl.shapes[i]) || t.DType() != pl.program.graph.Inputs()[i].DType() {
			return false
		}
	}
	return true
}
