package nn

import (
	"fmt"
	"path"
	"slices"

	"github.com/emberml/ember/graph"
)

// Param is a variable of a network: a trained parameter or a state.
type Param struct {
	Name  string       // "conv2d_1.weight"
	Layer string       // "conv2d_1"
	Value *graph.Value // the graph's variable
	// Trainable tells whether training changes it by gradients: false for a
	// state and for a frozen parameter.
	Trainable bool
	// Decay tells whether weight decay applies: true for weights of rank 2 or
	// more, false for biases and the scales of norms.
	Decay bool
	// State tells a running statistic from a parameter.
	State bool
}

// Len is the number of elements.
func (p Param) Len() int {
	shape, _ := p.Value.Shape().Concrete()
	return shape.Len()
}

func (p Param) matches(pattern string) bool {
	for _, name := range []string{p.Layer, p.Name} {
		if ok, err := path.Match(pattern, name); ok && err == nil {
			return true
		}
	}
	return false
}

// Params are the variables of a network in the order in which they were built.
type Params []Param

// Trainable are those that training changes by gradients.
func (ps Params) Trainable() Params {
	return ps.filter(func(p Param) bool { return p.Trainable })
}

// Match are those whose name or layer's name fits the pattern, in which *
// stands for any text and ? for one character.
func (ps Params) Match(pattern string) Params {
	return ps.filter(func(p Param) bool { return p.matches(pattern) })
}

// Named is the one of the name; the error suggests the nearest.
func (ps Params) Named(name string) (Param, error) {
	for _, p := range ps {
		if p.Name == name {
			return p, nil
		}
	}
	names := make([]string, len(ps))
	for i, p := range ps {
		names[i] = p.Name
	}
	return Param{}, fmt.Errorf("no parameter is called %q%s", name, suggest(name, names))
}

// Values are the graph's variables.
func (ps Params) Values() []*graph.Value {
	values := make([]*graph.Value, len(ps))
	for i, p := range ps {
		values[i] = p.Value
	}
	return values
}

// Len is the number of elements of all.
func (ps Params) Len() int {
	n := 0
	for _, p := range ps {
		n += p.Len()
	}
	return n
}

func (ps Params) filter(keep func(Param) bool) Params {
	var out Params
	for _, p := range ps {
		if keep(p) {
			out = append(out, p)
		}
	}
	return out
}

// layers are the names of the layers, each once.
func (ps Params) layers() []string {
	var names []string
	for _, p := range ps {
		if !slices.Contains(names, p.Layer) {
			names = append(names, p.Layer)
		}
	}
	return names
}
