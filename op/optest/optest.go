// Package optest is the conformance suite of operators. It walks the cases of
// every operator's [graph.Spec] in four modes:
//
//   - check: every engine kernel, kernel variant and number of threads against
//     Eval, the definition;
//   - grad: gradients, and gradients of gradients, against central differences in
//     float64;
//   - bench: the speed of each case, as a share of the processor's peak;
//   - support: docs/ops.md, the table of what each operator can do.
//
// A new operator needs no line here: it is in [op.All] and has cases.
package optest

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// Application is a case made concrete: an operator in a graph with inputs and
// the tensors to feed.
type Application struct {
	Graph *graph.Graph
	// In are the inputs of the operator; nil where one is left out. Integer and
	// boolean vectors of up to 16 elements are constants of the graph, since
	// inference may need their values; the others are inputs.
	In []*graph.Value
	// Out are the outputs of the operator, which are the graph's too.
	Out []*graph.Value
	// Args are the tensors of In.
	Args []*tensor.Tensor
	// Feeds are the tensors for the graph's inputs, in their order.
	Feeds []*tensor.Tensor
}

// Name is the name of case i of an operator, "Conv/strided".
func Name(s graph.Spec, i int, c graph.Case) string {
	if c.Name == "" {
		return fmt.Sprintf("%s/%d", s.Name, i)
	}
	return s.Name + "/" + c.Name
}

// Apply builds the graph of a case. Random arguments of no given type have the
// element type floats. The same name gives the same numbers.
func Apply(name string, c graph.Case, floats tensor.DType) (*Application, error) {
	h := fnv.New64a()
	h.Write([]byte(name))
	rng := rand.New(rand.NewPCG(h.Sum64(), 1))
	a := &Application{Graph: graph.New()}
	for i, arg := range c.In {
		if arg.Omitted {
			a.In, a.Args = append(a.In, nil), append(a.Args, nil)
			continue
		}
		t := value(rng, arg, floats)
		a.Args = append(a.Args, t)
		if IsParameter(t) {
			a.In = append(a.In, a.Graph.Constant(t))
			continue
		}
		a.In = append(a.In, a.Graph.Input(fmt.Sprintf("in%d", i), graph.TypeOf(t)))
		a.Feeds = append(a.Feeds, t)
	}
	var err error
	a.Out, err = a.Graph.TryApply(c.Op, a.In...)
	if err != nil {
		return nil, err
	}
	for i, v := range a.Out {
		a.Graph.Output(fmt.Sprintf("out%d", i), v)
	}
	return a, nil
}

// IsParameter tells whether an argument is likely a shape, axes or pads.
func IsParameter(t *tensor.Tensor) bool {
	return !t.DType().IsFloat() && t.Rank() <= 1 && t.Len() <= 16
}

// value is the tensor of an argument.
func value(rng *rand.Rand, arg graph.Arg, floats tensor.DType) *tensor.Tensor {
	if arg.Value != nil {
		return arg.Value
	}
	dt := arg.DType
	if dt == tensor.Invalid {
		dt = floats
	}
	lo, hi := arg.Lo, arg.Hi
	if lo == 0 && hi == 0 {
		lo, hi = -1, 1
	}
	values := make([]float64, tensor.Shape(arg.Shape).Len())
	for i := range values {
		if !dt.IsFloat() {
			values[i] = lo + float64(rng.IntN(int(hi-lo)+1))
			continue
		}
		values[i] = lo + (hi-lo)*rng.Float64()
		for nearKink(values[i], arg.Kinks) {
			values[i] = lo + (hi-lo)*rng.Float64()
		}
	}
	return tensor.Cast(tensor.Of(values, append([]int{}, arg.Shape...)...), dt)
}

// nearKink tells whether a difference quotient at v would reach over a kink.
func nearKink(v float64, kinks []float64) bool {
	for _, k := range kinks {
		if math.Abs(v-k) < 0.01 {
			return true
		}
	}
	return false
}

// Eval computes the outputs of a graph by the definitions of its operators.
func Eval(g *graph.Graph, feeds []*tensor.Tensor) ([]*tensor.Tensor, error) {
	at := make([]*tensor.Tensor, g.NumValues())
	for i, v := range g.Inputs() {
		at[v.ID()] = feeds[i]
	}
	lookup := func(v *graph.Value) *tensor.Tensor {
		switch {
		case v == nil:
			return nil
		case v.Origin() == graph.Constant || v.Origin() == graph.Variable:
			return v.Init()
		}
		return at[v.ID()]
	}
	for _, n := range g.Nodes() {
		in := make([]*tensor.Tensor, len(n.In()))
		for i, v := range n.In() {
			in[i] = lookup(v)
		}
		out, err := n.Op().Eval(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Op().Spec().Name, err)
		}
		if len(out) != len(n.Out()) {
			return nil, fmt.Errorf("%s: Eval gave %d outputs, Infer %d", n.Op().Spec().Name, len(out), len(n.Out()))
		}
		for i, v := range n.Out() {
			if err := Fits(v.Type(), out[i]); err != nil {
				return nil, fmt.Errorf("%s: output %d: %w", n.Op().Spec().Name, i, err)
			}
			at[v.ID()] = out[i]
		}
	}
	results := make([]*tensor.Tensor, len(g.Outputs()))
	for i, v := range g.Outputs() {
		results[i] = lookup(v)
	}
	return results, nil
}

// Fits checks that a computed value is what was inferred.
func Fits(t graph.Type, got *tensor.Tensor) error {
	if got.DType() != t.DType || got.Rank() != t.Rank() {
		return fmt.Errorf("Eval gave %v%v, Infer %v", got.DType(), got.Shape(), t)
	}
	for i, d := range t.Shape {
		if d.IsKnown() && !d.Is(got.Shape()[i]) {
			return fmt.Errorf("Eval gave %v%v, Infer %v", got.DType(), got.Shape(), t)
		}
	}
	if t.Const != nil && !Same(t.Const, got) {
		return fmt.Errorf("Eval gave %v, Infer %v", got, t.Const)
	}
	return nil
}

// Same tells whether two tensors have the same element type, shape and bits.
func Same(a, b *tensor.Tensor) bool {
	if a.DType() != b.DType() || !a.Shape().Equal(b.Shape()) {
		return false
	}
	if a.DType() == tensor.String {
		return fmt.Sprint(a) == fmt.Sprint(b)
	}
	return string(a.Contiguous().Bytes()) == string(b.Contiguous().Bytes())
}
