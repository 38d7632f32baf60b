package engine

import (
	"errors"
	"fmt"
	"sync"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// Options say how a graph is compiled.
type Options struct {
	// Backend makes the kernels. It is required.
	Backend Backend
	// State holds the variables. Without one the program has its own, in which
	// variables that it does not update are the graph's initial values
	// themselves, not to be changed.
	State *State
	// Arena is the working memory. Without one the program has its own.
	Arena *Arena
	// Memory bounds arena, variables and constants together, in bytes; 0 is
	// no bound. A run that would exceed it computes activations that cost little
	// twice rather than keep them, to the same bits; one that still would is a
	// *MemoryError.
	Memory int
	// Updated, if any, is called in a run with the name of each variable that the
	// program updates, once its new value is written and the run needs the
	// variable's memory no more: as early as that is so, in the same order in each
	// run of the same shapes. The program runs on when it returns.
	Updated func(variable string)
	// Unfused keeps each node a kernel of its own, where the backend could
	// compute several in one: for tests, and to look at every value.
	Unfused bool
}

// Program is a compiled graph. One run at a time: concurrent calls wait, but each
// overwrites the outputs of the one before; who shares a program between
// goroutines holds a lock until the outputs are copied, or gives each its [Program.Fork].
type Program struct {
	graph     *graph.Graph
	options   Options
	variables map[string]*tensor.Tensor
	packed    *packings
	lean      *Program // that computes activations twice; nil without a bound or a use

	mu    sync.Mutex
	plans []*plan // most recently used first
}

// planLimit is how many shapes a program remembers plans for.
const planLimit = 32

// Compile makes a program of a graph.
func Compile(g *graph.Graph, options Options) (*Program, error) {
	if options.Backend == nil {
		return nil, errors.New("engine: no backend in the options")
	}
	simple, err := g.Simplify()
	if err != nil {
		return nil, err
	}
	if invariants {
		if err := simple.Verify(); err != nil {
			return nil, err
		}
	}
	whole := simple
	if simple, err = joined(whole, options); err != nil {
		return nil, err
	}
	p := &Program{graph: simple, options: options, variables: map[string]*tensor.Tensor{}, packed: newPackings()}
	private := options.State == nil
	if private {
		p.options.State = NewState()
	}
	if options.Arena == nil {
		p.options.Arena = NewArena()
	}
	updated := map[string]bool{}
	for _, u := range simple.Updates() {
		updated[u.Var.Name()] = true
	}
	for _, v := range simple.Variables() {
		t := p.options.State.Get(v.Name())
		switch {
		case t == nil && private && !updated[v.Name()] && v.Init().IsContiguous():
			t = v.Init()
			p.options.State.alias(v.Name(), t)
		case t == nil:
			t = v.Init().Clone()
			p.options.State.add(v.Name(), t)
		case updated[v.Name()] && p.options.State.aliases[v.Name()]:
			return nil, fmt.Errorf("engine: variable %s is fixed in the state: give both programs a State to change it", v.Name())
		case t.DType() != v.DType() || !t.Shape().Equal(v.Init().Shape()):
			return nil, fmt.Errorf("engine: variable %s is %v in the graph, %v%v in the state", v.Name(), v.Type(), t.DType(), t.Shape())
		}
		p.variables[v.Name()] = t
	}
	if options.Memory > 0 {
		if err := p.addLean(whole); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// joined is the graph with nodes fused, if that is wanted.
func joined(g *graph.Graph, options Options) (*graph.Graph, error) {
	fuser, ok := options.Backend.(Fuser)
	if !ok || options.Unfused {
		return g, nil
	}
	g, err := fused(g, fuser)
	if err == nil && invariants {
		err = g.Verify()
	}
	return g, err
}

// addLean adds the program that computes activations twice, if there are any.
func (p *Program) addLean(whole *graph.Graph) error {
	lean, ok, err := recomputing(whole)
	if err != nil || !ok {
		return err
	}
	if lean, err = joined(lean, p.options); err != nil {
		return err
	}
	p.lean = &Program{graph: lean, options: p.options, variables: p.variables, packed: newPackings()}
	return nil
}

// Fork is the same program with working memory of its own, for another goroutine:
// it costs no compilation, and shares graph, backend and variables. Both may run
// at the same time unless one of them updates variables.
func (p *Program) Fork() *Program {
	options := p.options
	options.Arena = NewArena()
	fork := &Program{graph: p.graph, options: options, variables: p.variables, packed: p.packed}
	if l := p.lean; l != nil {
		fork.lean = &Program{graph: l.graph, options: options, variables: l.variables, packed: l.packed}
	}
	return fork
}

// Graph is the graph that the program runs: simplified, and with nodes joined to
// a [github.com/emberml/ember/op.FusedOp] where the backend computes them in one kernel.
func (p *Program) Graph() *graph.Graph { return p.graph }

// State holds the program's variables.
func (p *Program) State() *State { return p.options.State }

// Run feeds the inputs, in the order of the graph's Inputs, computes the
// outputs, in the order of its Outputs, and updates the variables. The outputs
// are valid until the next run on the same arena, which may take them as inputs:
// these are copied first, and only then does a run allocate. Inputs that do not
// fit are an error; so is what an operator finds in the data, named with its
// layer.
func (p *Program) Run(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return p.Observe(in, nil)
}

// Observe is Run that also shows each node's outputs right after they are
// computed, for looking at activations or for the first value that is not
// finite. What is computed within one kernel is not shown. An error of the observer ends the run before the variables are written
// that come after the node.
func (p *Program) Observe(in []*tensor.Tensor, observe func(n *graph.Node, out []*tensor.Tensor) error) ([]*tensor.Tensor, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pl, err := p.planFor(in)
	if err != nil {
		return nil, err
	}
	return pl.run(in, observe)
}

// Memory is what a run with inputs of the given shapes needs. Nothing is run, no
// arena allocated. The budget matters only for whether activations are kept.
func (p *Program) Memory(shapes []tensor.Shape) (Memory, error) {
	if err := p.countInputs(len(shapes)); err != nil {
		return Memory{}, err
	}
	pl, err := p.bestPlan(shapes)
	if err != nil {
		return Memory{}, err
	}
	return p.memoryOf(pl), nil
}

// bestPlan makes the plan for inputs of the shapes: one that computes activations
// twice if the memory is too small otherwise.
func (p *Program) bestPlan(shapes []tensor.Shape) (*plan, error) {
	pl, err := p.newPlan(shapes)
	if err != nil || p.lean == nil || p.memoryOf(pl).Total() <= p.options.Memory {
		return pl, err
	}
	lean, err := p.lean.newPlan(shapes)
	if err != nil || lean.arenaBytes >= pl.arenaBytes {
		return pl, err
	}
	return lean, nil
}

func (p *Program) memoryOf(pl *plan) Memory {
	return Memory{Arena: pl.arenaBytes, Variables: p.options.State.Bytes(), Constants: pl.constantBytes}
}

// planFor finds or makes the plan for the inputs' shapes.
func (p *Program) planFor(in []*tensor.Tensor) (*plan, error) {
	if err := p.countInputs(len(in)); err != nil {
		return nil, err
	}
	for i, v := range p.graph.Inputs() {
		switch {
		case in[i] == nil:
			return nil, fmt.Errorf("engine: input %s is missing", v.Name())
		case in[i].DType() != v.DType():
			return nil, fmt.Errorf("engine: input %s is %v, given %v", v.Name(), v.Type(), in[i].DType())
		}
	}
	for i, pl := range p.plans {
		if pl.fits(in) {
			copy(p.plans[1:i+1], p.plans[:i])
			p.plans[0] = pl
			return pl, nil
		}
	}
	shapes := make([]tensor.Shape, len(in))
	for i, t := range in {
		shapes[i] = t.Shape().Clone()
	}
	pl, err := p.bestPlan(shapes)
	if err != nil {
		return nil, err
	}
	if need := p.memoryOf(pl).Total(); p.options.Memory > 0 && need > p.options.Memory {
		return nil, &MemoryError{Need: need, Budget: p.options.Memory, Batch: p.fittingBatch(shapes)}
	}
	kept := []*plan{pl}
	for _, old := range p.plans {
		switch {
		case old.released():
		case len(kept) == planLimit:
			old.release()
		default:
			kept = append(kept, old)
		}
	}
	p.plans = kept
	return pl, nil
}

func (p *Program) countInputs(given int) error {
	if want := len(p.graph.Inputs()); given != want {
		return fmt.Errorf("engine: %d inputs given, the graph has %d", given, want)
	}
	return nil
}

// fittingBatch bisects for the largest batch within the budget, where the
// inputs' first dimension is the symbol that they share.
func (p *Program) fittingBatch(shapes []tensor.Shape) int {
	var symbol graph.Dim
	batch := 0
	for i, v := range p.graph.Inputs() {
		if v.Rank() > 0 && !v.Shape()[0].IsKnown() {
			symbol, batch = v.Shape()[0], shapes[i][0]
			break
		}
	}
	fits := func(n int) bool {
		trial := make([]tensor.Shape, len(shapes))
		for i, v := range p.graph.Inputs() {
			trial[i] = shapes[i].Clone()
			for d := range v.Shape() {
				if v.Shape()[d] == symbol {
					trial[i][d] = n
				}
			}
		}
		m, err := p.Memory(trial)
		return err == nil && m.Total() <= p.options.Memory
	}
	lo, hi := 0, batch
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; fits(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
