package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// Recurrent is the options that SimpleRNN, LSTM and GRU have in common.
//
// Shapes: x is [N, steps, features], and may come with a second input, the lengths
// [N] of the sequences, behind which steps do not count. y is the last state
// [N, units], or with Sequences all states [N, steps, units], 0 behind a sequence's
// end. Both directions of a bidirectional layer are joined as Merge says.
//
// Parameters have PyTorch's names and layouts: weight_ih_l0 [gates·units, features],
// weight_hh_l0 [gates·units, units], bias_ih_l0 and bias_hh_l0 [gates·units], and
// those of the other direction with the suffix _reverse.
//
// A stateful layer begins sample i of a batch with the state that sample i of the
// batch before ended with, as [Carry] tells; its states are called state_h and, of
// LSTM, state_c.
type Recurrent struct {
	Units         int     `required:"true" min:"1" doc:"size of the state"`
	Sequences     bool    `doc:"give the states of all steps, not the last one alone"`
	Bidirectional bool    `doc:"go from the end to the beginning, too"`
	Reverse       bool    `doc:"go from the end to the beginning"`
	Merge         string  `default:"concat" oneof:"concat,sum,mul,ave" doc:"how the two directions are joined"`
	Bias          *bool   `default:"true" doc:"add trained biases"`
	Dropout       float64 `min:"0" max:"1" exclusive:"max" doc:"share of the inputs that training sets to 0, the same in all steps"`
	TBPTT         int     `min:"0" doc:"training goes back at most to the last multiple of so many steps (truncated backpropagation through time); 0: to the beginning"`
	Stateful      bool    `doc:"go on in each batch where the one before ended, sample by sample"`
	Init          Init    `default:"xavier_uniform" doc:"first values of the weights of the input"`
	StateInit     Init    `default:"fan_in_uniform" doc:"first values of the weights of the state"`
}

// SimpleRNN is a recurrent network without gates (Elman 1990):
// h[t] = activation(W·x[t] + R·h[t−1] + b).
type SimpleRNN struct {
	Recurrent
	Activation string `default:"tanh" oneof:"tanh,relu" doc:"function of the state"`
}

// LSTM is a network of long short-term memory (Hochreiter and Schmidhuber 1997). Its
// parameters hold the gates in PyTorch's order: input, forget, cell, output.
type LSTM struct {
	Recurrent
	ForgetBias float64 `default:"1" doc:"first value of the forget gate's bias (Jozefowicz et al. 2015)"`
}

// GRU is a network of gated recurrent units (Cho et al. 2014), which resets what
// the state's weights give, as PyTorch does. Its parameters hold the gates in
// PyTorch's order: reset, update, new.
type GRU struct{ Recurrent }

// recurrentForm is how a kind of layer becomes an operator.
type recurrentForm struct {
	order  []int // PyTorch's gate at each place of ONNX's
	forget int   // PyTorch's number of the gate whose bias is forgetBias
	bias   float64
	states []string
	// apply begins with the states, which may be nil, and returns them after all
	// steps besides those of all steps.
	apply func(r op.Recurrence, x, w, rec, bias, lens *graph.Value, begin []*graph.Value) (y *graph.Value, end []*graph.Value)
}

// Build adds the layer to the graph.
func (l SimpleRNN) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	name := map[string]string{"tanh": "Tanh", "relu": "Relu"}[l.Activation]
	return l.build(b, in, recurrentForm{
		order: []int{0}, states: []string{"state_h"},
		apply: func(r op.Recurrence, x, w, rec, bias, lens *graph.Value, begin []*graph.Value) (y *graph.Value, end []*graph.Value) {
			names := []string{name, name}[:r.Directions()]
			r.Activations = graph.MakeStrings(names...)
			y, h := op.RNN(op.RNNOp{Recurrence: r}, x, w, rec, bias, lens, begin[0])
			return y, []*graph.Value{h}
		},
	})
}

// Build adds the layer to the graph.
func (l LSTM) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return l.build(b, in, recurrentForm{
		order: []int{0, 3, 1, 2}, forget: 1, bias: l.ForgetBias, states: []string{"state_h", "state_c"},
		apply: func(r op.Recurrence, x, w, rec, bias, lens *graph.Value, begin []*graph.Value) (y *graph.Value, end []*graph.Value) {
			y, h, c := op.LSTM(op.LSTMOp{Recurrence: r}, x, w, rec, bias, lens, begin[0], begin[1], nil)
			return y, []*graph.Value{h, c}
		},
	})
}

// Build adds the layer to the graph.
func (l GRU) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return l.build(b, in, recurrentForm{
		order: []int{1, 0, 2}, states: []string{"state_h"},
		apply: func(r op.Recurrence, x, w, rec, bias, lens *graph.Value, begin []*graph.Value) (y *graph.Value, end []*graph.Value) {
			y, h := op.GRU(op.GRUOp{Recurrence: r, LinearBeforeReset: true}, x, w, rec, bias, lens, begin[0])
			return y, []*graph.Value{h}
		},
	})
}

// build adds a recurrent layer. ONNX wants the steps first.
func (l Recurrent) build(b *Builder, in []*graph.Value, form recurrentForm) *graph.Value {
	if len(in) < 1 || len(in) > 2 {
		b.Failf("takes sequences and perhaps their lengths, given %d inputs", len(in))
	}
	x := in[0]
	if x.Rank() != 3 {
		b.Failf("wants sequences [N, steps, features], given %v", x.Shape())
	}
	var lens *graph.Value
	if len(in) == 2 {
		if in[1].Rank() != 1 {
			b.Failf("wants the lengths of the sequences as [N], given %v", in[1].Shape())
		}
		lens = op.Cast(in[1], tensor.Int32)
	}
	if l.Dropout > 0 && b.Train { // the same mask in all steps
		drop := op.Less(b.Uniform(op.ReduceMean(x, []int{1}, true)), op.Scalar(x, l.Dropout))
		x = op.Where(drop, op.Scalar(x, 0), b.scale(x, 1/(1-l.Dropout)))
	}
	r := op.Recurrence{HiddenSize: l.Units, Truncate: l.TBPTT}
	suffixes := []string{""}
	switch {
	case l.Bidirectional:
		r.Direction, suffixes = "bidirectional", []string{"", "_reverse"}
	case l.Reverse:
		r.Direction = "reverse"
	}
	var ws, rs, bs []*graph.Value
	for _, suffix := range suffixes {
		w, rec, bias := l.parameters(b, suffix, b.size(x, 2), form)
		ws, rs = append(ws, op.Unsqueeze(w, 0)), append(rs, op.Unsqueeze(rec, 0))
		if bias != nil {
			bs = append(bs, op.Unsqueeze(bias, 0))
		}
	}
	var bias *graph.Value
	if bs != nil {
		bias = joined(0, bs)
	}
	before := l.carried(b, x.Shape()[0], form)
	begin := make([]*graph.Value, len(form.states))
	for i, state := range before {
		begin[i] = op.Unsqueeze(state, 0)
	}
	y, end := form.apply(r, op.Transpose(x, 1, 0, 2), joined(0, ws), joined(0, rs), bias, lens, begin)
	for i, state := range before {
		b.Carry(state, op.Squeeze(end[i], 0))
	}
	if l.Sequences {
		y = op.Transpose(y, 2, 0, 1, 3) // [N, steps, D, units]
	} else {
		y = op.Transpose(end[0], 1, 0, 2) // [N, D, units]
	}
	return l.merge(y)
}

// carried are the states that a batch begins with, none of a layer without.
func (l Recurrent) carried(b *Builder, batch graph.Dim, form recurrentForm) []*graph.Value {
	if !l.Stateful {
		return nil
	}
	if l.Bidirectional || l.Reverse {
		b.Failf("is stateful, and the end of a later batch is no beginning for the way back: leave out bidirectional and reverse, or stateful")
	}
	states := make([]*graph.Value, len(form.states))
	for i, name := range form.states {
		states[i] = b.Carried(name, batch, l.Units)
	}
	return states
}

// parameters are the weights and biases of a direction in ONNX's order of gates.
func (l Recurrent) parameters(b *Builder, suffix string, features int, form recurrentForm) (w, r, bias *graph.Value) {
	gates := len(form.order)
	rows := gates * l.Units
	w = b.Param("weight_ih_l0"+suffix, l.Init, rows, features)
	r = b.Param("weight_hh_l0"+suffix, l.StateInit, rows, l.Units)
	w, r = reorder(w, form.order, l.Units), reorder(r, form.order, l.Units)
	if !*l.Bias {
		return w, r, nil
	}
	var parts []*graph.Value
	for _, name := range []string{"bias_ih_l0", "bias_hh_l0"} {
		isNew := b.Graph.Named(b.fullName(name+suffix)) == nil
		p := b.Param(name+suffix, "zeros", rows)
		if name == "bias_ih_l0" && form.bias != 0 && isNew && !b.Blank {
			forget := tensor.Cast(tensor.Full(form.bias, l.Units), p.DType())
			tensor.CopyInto(p.Init().Slice(0, form.forget*l.Units, (form.forget+1)*l.Units, 1), forget)
		}
		parts = append(parts, reorder(p, form.order, l.Units))
	}
	return w, r, op.Concat(0, parts...)
}

// reorder brings the gates, blocks of rows of a parameter, into another order.
func reorder(p *graph.Value, order []int, units int) *graph.Value {
	if len(order) == 1 {
		return p
	}
	sizes := make([]int, len(order))
	for i := range sizes {
		sizes[i] = units
	}
	blocks := op.Split(p, 0, sizes...)
	moved := make([]*graph.Value, len(order))
	for i, from := range order {
		moved[i] = blocks[from]
	}
	return op.Concat(0, moved...)
}

// joined is the values after one another.
func joined(axis int, values []*graph.Value) *graph.Value {
	if len(values) == 1 {
		return values[0]
	}
	return op.Concat(axis, values...)
}

// merge joins the directions of y, [N, …, D, units].
func (l Recurrent) merge(y *graph.Value) *graph.Value {
	axis := y.Rank() - 2
	if !l.Bidirectional {
		return op.Squeeze(y, axis)
	}
	halves := op.Split(y, axis, 1, 1)
	a, c := op.Squeeze(halves[0], axis), op.Squeeze(halves[1], axis)
	switch l.Merge {
	case "sum":
		return op.Add(a, c)
	case "mul":
		return op.Mul(a, c)
	case "ave":
		return op.Mul(op.Add(a, c), op.Scalar(a, 0.5))
	}
	return op.Concat(axis, a, c)
}
