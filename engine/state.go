package engine

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/tensor"
)

// State holds variables by name: parameters, statistics, an optimizer's memory.
// Programs compiled with the same State share them. Not safe for use while a
// program runs.
type State struct {
	vars    map[string]*tensor.Tensor
	order   []string
	aliases map[string]bool // variables that are a graph's initial values
}

// NewState is an empty state.
func NewState() *State {
	return &State{vars: map[string]*tensor.Tensor{}, aliases: map[string]bool{}}
}

// Names are the variables in the order in which they came.
func (s *State) Names() []string { return slices.Clone(s.order) }

// Get is the variable of the name, or nil. What is written to it is seen by
// the programs.
func (s *State) Get(name string) *tensor.Tensor { return s.vars[name] }

// Set copies the value to the variable, which it creates if there is none. A
// value of another type or shape is an error, and so is a variable that no
// program updates in a State that [Compile] made: it is the graph's own.
func (s *State) Set(name string, value *tensor.Tensor) error {
	old := s.vars[name]
	if old == nil {
		s.add(name, value.Clone())
		return nil
	}
	if old.DType() != value.DType() || !old.Shape().Equal(value.Shape()) {
		return fmt.Errorf("engine: variable %s is %v%v, the value is %v%v",
			name, old.DType(), old.Shape(), value.DType(), value.Shape())
	}
	if s.aliases[name] {
		return fmt.Errorf("engine: variable %s is fixed: give the program a State to change it", name)
	}
	tensor.CopyInto(old, value)
	return nil
}

// Place makes the tensor itself a new variable, so that several may lie in one
// piece of memory. It is contiguous, and begins at a multiple of 64 bytes.
func (s *State) Place(name string, t *tensor.Tensor) error {
	switch {
	case s.vars[name] != nil:
		return fmt.Errorf("engine: there is a variable %s already", name)
	case !t.IsContiguous():
		return fmt.Errorf("engine: the memory given to variable %s is not contiguous", name)
	}
	s.add(name, t)
	return nil
}

// Bytes is the size of all variables.
func (s *State) Bytes() int {
	n := 0
	for _, t := range s.vars {
		n += t.Len() * t.DType().Size()
	}
	return n
}

func (s *State) add(name string, t *tensor.Tensor) {
	s.vars[name] = t
	s.order = append(s.order, name)
}

// alias adds a variable that is a graph's initial value itself.
func (s *State) alias(name string, t *tensor.Tensor) {
	s.add(name, t)
	s.aliases[name] = true
}
