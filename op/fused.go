package op

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// FusedOp is several applications of operators as one, which a backend computes
// in one kernel: what lies between them need not go to memory. Engines make it
// of a finished graph; no file holds it, so [All] has no line for it, and it has no
// gradient.
type FusedOp struct{ Body *FusedBody }

// FusedBody is what a [FusedOp] computes. Its values are numbered: first its
// inputs, then the outputs of its steps, one after the other.
type FusedBody struct {
	Inputs  int
	Steps   []FusedStep
	Results []int // the values that are the operator's outputs
}

// FusedStep is an application in a [FusedBody].
type FusedStep struct {
	Op   graph.Op
	In   []int // the values it is applied to; -1 is an optional input left out
	Outs int   // how many outputs it has
}

// Spec describes the operator. Name, TypeOnly and FLOPs are those of the body.
func (o FusedOp) Spec() graph.Spec {
	s := graph.Spec{
		Name: "Fused", Domain: ember, Formula: "one operator after another", Source: "the operators it is made of",
		Inputs: []string{"x..."}, Outputs: []string{"y..."}, ULP: 64, Cases: fusedCases,
	}
	if b := o.Body; b != nil {
		s.Name, s.TypeOnly, s.FLOPs = b.name(), b.typeOnly(), b.flops
	}
	return s
}

// maxNamed is how many operators a name counts up.
const maxNamed = 4

func (b *FusedBody) name() string {
	names := make([]string, 0, maxNamed)
	for i, s := range b.Steps {
		switch {
		case len(b.Steps) <= maxNamed || i < maxNamed-2 || i == len(b.Steps)-1:
			names = append(names, s.Op.Spec().Name)
		case i == maxNamed-2:
			names = append(names, "…")
		}
	}
	return strings.Join(names, "+")
}

// String names the operators, for drawings and messages.
func (b *FusedBody) String() string { return b.name() }

// typeOnly lists the inputs of which no step needs the value.
func (b *FusedBody) typeOnly() []int {
	var only []int
	for v := range b.Inputs {
		if !b.reads(v) {
			only = append(only, v)
		}
	}
	return only
}

// reads tells whether a step needs the value of v, not only its type.
func (b *FusedBody) reads(v int) bool {
	for _, s := range b.Steps {
		typeOnly := s.Op.Spec().TypeOnly
		for i, in := range s.In {
			if in == v && !slices.Contains(typeOnly, i) {
				return true
			}
		}
	}
	return false
}

func (b *FusedBody) flops(in, _ []graph.Type) int64 {
	types, err := b.Types(in)
	if err != nil {
		return 0
	}
	total, at := int64(0), b.Inputs
	for _, s := range b.Steps {
		args, out := numbered(types, s.In), types[at:at+s.Outs]
		if f := s.Op.Spec().FLOPs; f != nil {
			total += f(args, out)
		} else {
			for _, t := range out {
				total += elements(t)
			}
		}
		at += s.Outs
	}
	return total
}

// Types are the types of all values of the body, given those of its inputs.
func (b *FusedBody) Types(in []graph.Type) ([]graph.Type, error) {
	if len(in) != b.Inputs {
		return nil, fmt.Errorf("%d inputs given, the fused operators have %d", len(in), b.Inputs)
	}
	types := append([]graph.Type{}, in...)
	for _, s := range b.Steps {
		out, err := s.Op.Infer(numbered(types, s.In))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Op.Spec().Name, err)
		}
		if len(out) != s.Outs {
			return nil, fmt.Errorf("%s has %d outputs, not %d", s.Op.Spec().Name, len(out), s.Outs)
		}
		types = append(types, out...)
	}
	return types, nil
}

// numbered are the values of the given numbers; the zero value for -1.
func numbered[T any](values []T, at []int) []T {
	out := make([]T, len(at))
	for i, v := range at {
		if v >= 0 {
			out[i] = values[v]
		}
	}
	return out
}

var errNoBody = errors.New("no operators are given: a fused operator exists in an engine only")

// Infer is the inference of the body.
func (o FusedOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if o.Body == nil {
		return nil, errNoBody
	}
	types, err := o.Body.Types(in)
	if err != nil {
		return nil, err
	}
	return numbered(types, o.Body.Results), nil
}

// Eval applies one operator after another.
func (o FusedOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if o.Body == nil {
		return nil, errNoBody
	}
	values := append([]*tensor.Tensor{}, in...)
	for _, s := range o.Body.Steps {
		out, err := s.Op.Eval(numbered(values, s.In))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Op.Spec().Name, err)
		}
		values = append(values, out...)
	}
	return numbered(values, o.Body.Results), nil
}
