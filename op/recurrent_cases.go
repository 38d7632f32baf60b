package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// recurrentSize is a case's sizes and which optional inputs it has.
type recurrentSize struct {
	name                     string
	steps, batch, in, hidden int
	recurrence               Recurrence
	bias, lens, initial      bool
	empty                    bool // the last sequences have no step
	peepholes, variant       bool // variant: InputForget of LSTM, LinearBeforeReset of GRU
	noGrad                   string
}

// sizes of the cases of all cells.
func recurrentSizes(cell Cell) []recurrentSize {
	reverse, both := Recurrence{Direction: "reverse"}, Recurrence{Direction: "bidirectional"}
	names := []string{"Softsign", "Softplus", "Elu"}[:len(cellForms[cell].standard)]
	two := append(append([]string{}, names...), []string{"ScaledTanh", "LeakyRelu", "Affine"}[:len(names)]...)
	other := Recurrence{Activations: graph.MakeStrings(names...), ActivationAlpha: graph.MakeFloats(0.7)}
	mixed := Recurrence{Direction: "bidirectional", Activations: graph.MakeStrings(two...), ActivationAlpha: graph.MakeFloats(0.9, 0.8, 0.7, 0.6), ActivationBeta: graph.MakeFloats(1.2, 0.3)}
	batchFirst := both
	batchFirst.Layout = 1
	sizes := []recurrentSize{
		{name: "", steps: 4, batch: 3, in: 5, hidden: 6},
		{name: "bias", steps: 3, batch: 2, in: 3, hidden: 5, bias: true, variant: true},
		{name: "reverse", steps: 3, batch: 2, in: 2, hidden: 3, recurrence: reverse, bias: true, initial: true},
		{name: "lengths", steps: 5, batch: 4, in: 2, hidden: 3, bias: true, lens: true, initial: true, variant: true},
		{name: "reverse lengths", steps: 5, batch: 4, in: 2, hidden: 3, recurrence: reverse, lens: true, initial: true},
		{name: "bidirectional", steps: 4, batch: 4, in: 3, hidden: 2, recurrence: both, bias: true, lens: true, initial: true, variant: true},
		{name: "batch first", steps: 4, batch: 4, in: 3, hidden: 2, recurrence: batchFirst, bias: true, lens: true, initial: true},
		{name: "empty sequences", steps: 2, batch: 4, in: 2, hidden: 3, bias: true, lens: true, empty: true, initial: true},
		{name: "other activations", steps: 3, batch: 2, in: 3, hidden: 2, recurrence: other, bias: true},
		{name: "mixed activations", steps: 3, batch: 2, in: 3, hidden: 2, recurrence: mixed, bias: true, initial: true},
		{name: "clip", steps: 3, batch: 2, in: 3, hidden: 2, recurrence: Recurrence{Clip: 0.4}, bias: true},
		{name: "truncated", steps: 7, batch: 4, in: 3, hidden: 2, recurrence: Recurrence{Direction: "bidirectional", Truncate: 3}, bias: true, lens: true, initial: true, noGrad: "truncated"},
		{name: "one step", steps: 1, batch: 1, in: 1, hidden: 1, bias: true, variant: true},
		{name: "no samples", steps: 3, batch: 0, in: 2, hidden: 2, bias: true},
		{name: "no steps", steps: 0, batch: 2, in: 2, hidden: 3, initial: true, noGrad: "no step has a gradient"},
		{name: "large", steps: 6, batch: 33, in: 20, hidden: 45, bias: true, initial: true, variant: true, noGrad: large},
	}
	switch cell {
	case RNNCell:
		sizes = append(sizes, recurrentSize{name: "relu", steps: 3, batch: 2, in: 3, hidden: 4, recurrence: Recurrence{Activations: graph.MakeStrings("Relu")}, bias: true, noGrad: "zero is a kink"})
	case LSTMCell:
		sizes = append(
			sizes,
			recurrentSize{name: "peepholes", steps: 3, batch: 2, in: 3, hidden: 4, recurrence: both, bias: true, initial: true, peepholes: true},
			recurrentSize{name: "peepholes without forget gate", steps: 3, batch: 2, in: 3, hidden: 4, bias: true, peepholes: true, variant: true},
		)
		for i := range sizes { // its variant has no kernel
			sizes[i].variant = sizes[i].peepholes && sizes[i].variant
		}
	}
	return sizes
}

func (s recurrentSize) recurrent(cell Cell) Recurrent {
	r := Recurrent{Recurrence: s.recurrence, Cell: cell}
	r.HiddenSize = s.hidden // ONNX Runtime wants it
	r.InputForget, r.LinearBeforeReset = cell == LSTMCell && s.variant, cell == GRUCell && s.variant
	return r
}

// shapes are those of a state, and of a vector of n numbers kept of each step.
func (s recurrentSize) state(d int) []int {
	if s.recurrence.Layout == 1 {
		return []int{s.batch, d, s.hidden}
	}
	return []int{d, s.batch, s.hidden}
}

func (s recurrentSize) sequence(n ...int) []int {
	if s.recurrence.Layout == 1 {
		return append([]int{s.batch, s.steps}, n...)
	}
	return append([]int{s.steps, s.batch}, n...)
}

// lengths are those of the samples, from all steps down.
func (s recurrentSize) lengths() graph.Arg {
	if !s.lens {
		return graph.Arg{Omitted: true}
	}
	lens := make([]int32, s.batch)
	for i := range lens {
		lens[i] = int32(max(1, s.steps-2*i))
		if s.empty {
			lens[i] = int32(max(0, s.steps-i))
		}
	}
	return graph.Given(tensor.Of(lens, s.batch))
}

func orOmitted(given bool, shape ...int) graph.Arg {
	if !given {
		return graph.Arg{Omitted: true}
	}
	return graph.Rand(shape...)
}

// recurrentCases are the cases of the operator of a cell.
func recurrentCases(cell Cell) []graph.Case {
	var cases []graph.Case
	for _, s := range recurrentSizes(cell) {
		r := s.recurrent(cell)
		d, g := r.Directions(), cell.Gates()*s.hidden
		in := []graph.Arg{
			graph.Rand(s.sequence(s.in)...), graph.Rand(d, g, s.in), graph.Rand(d, g, s.hidden), orOmitted(s.bias, d, 2*g),
			s.lengths(), orOmitted(s.initial, s.state(d)...),
		}
		var o graph.Op
		switch cell {
		case RNNCell:
			o = RNNOp{r.Recurrence}
		case LSTMCell:
			o = LSTMOp{r.Recurrence, r.InputForget}
			in = append(in, orOmitted(s.initial, s.state(d)...), orOmitted(s.peepholes, d, 3*s.hidden))
		case GRUCell:
			o = GRUOp{r.Recurrence, r.LinearBeforeReset}
		}
		cases = append(cases, graph.Case{Name: s.name, Op: o, In: in, NoGrad: s.noGrad, NoSecondGrad: "training needs first gradients alone"})
	}
	return cases
}

// recurrentGradCases are the cases of the way back, of all cells.
func recurrentGradCases() []graph.Case {
	var cases []graph.Case
	for cell := RNNCell; cell <= GRUCell; cell++ {
		for i, s := range recurrentSizes(cell) {
			r := s.recurrent(cell)
			d, g := r.Directions(), cell.Gates()*s.hidden
			y := []int{s.steps, d, s.batch, s.hidden}
			if s.recurrence.Layout == 1 {
				y = []int{s.batch, s.steps, d, s.hidden}
			}
			kept := func(n int) graph.Arg {
				a := graph.Rand(append([]int{d}, s.sequence(n)...)...)
				a.Lo, a.Hi = 0.1, 0.9
				return a
			}
			aux := graph.Arg{Omitted: true}
			if r.KeepsMore() {
				aux = kept(s.hidden)
			}
			cases = append(cases, graph.Case{
				Name: cellForms[cell].name + " " + s.name, Op: RecurrentGradOp{r},
				In: []graph.Arg{
					graph.Rand(d, g, s.hidden), kept(g), kept(s.hidden), aux,
					orOmitted(i%3 != 1, y...), orOmitted(i%3 != 2, s.state(d)...), orOmitted(cell == LSTMCell && i%2 == 0, s.state(d)...),
					s.lengths(), orOmitted(s.peepholes, d, 3*s.hidden),
				},
			})
		}
	}
	return cases
}
