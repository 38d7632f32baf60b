package engine

import (
	"fmt"
	"slices"
	"sync"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// Packing is what a kernel makes of some of its inputs before it uses them:
// weights in another order. Where these inputs are constant it is made once, and
// shared by all plans and forks of a program.
type Packing struct {
	// Inputs are what it is made of.
	Inputs []int
	// Form tells packings of the same inputs apart. It is comparable; equal forms
	// have the same bytes.
	Form any
	// Size is how many bytes it takes.
	Size int
	// Pack makes it of the kernel's inputs.
	Pack func(dst []byte, in []*tensor.Tensor)
	// Use gives it to the kernel, which does not change it. A kernel that is not
	// given any packs in each run.
	Use func(packed []byte)
}

// packings are those of a program and its forks.
type packings struct {
	mu   sync.Mutex
	made map[packingKey][]byte
}

func newPackings() *packings { return &packings{made: map[packingKey][]byte{}} }

// packingKey is the inputs' values and the form.
type packingKey struct {
	inputs string
	form   any
}

// get finds or makes a packing of a node's inputs, which are constant.
func (s *packings) get(p *Packing, n *graph.Node, in []*tensor.Tensor) []byte {
	key := packingKey{form: p.Form}
	for _, i := range p.Inputs {
		key.inputs += fmt.Sprint(n.In()[i].ID(), " ")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	packed := s.made[key]
	if packed == nil {
		packed = tensor.New(tensor.Uint8, p.Size).Bytes()
		p.Pack(packed, in)
		s.made[key] = packed
	}
	return packed
}

// packable tells whether what a packing is made of never changes.
func (pl *plan) packable(p *Packing, n *graph.Node) bool {
	return p != nil && !slices.ContainsFunc(p.Inputs, func(i int) bool { return !pl.constant(n.In()[i]) })
}

// constant tells whether a value is the same in all runs: a constant, a variable
// that no program may write to, or a view of one.
func (pl *plan) constant(v *graph.Value) bool {
	pl.typeOf(v)
	s := pl.slots[v.ID()]
	return s.fixed != nil && !s.varies
}
