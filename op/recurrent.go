package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// Recurrence is the attributes that RNN, LSTM and GRU have in common.
type Recurrence struct {
	// HiddenSize is H, the length of a state; 0 stands for that of R. ONNX Runtime
	// wants it in files, so that RNN, LSTM and GRU fill it in.
	HiddenSize int `onnx:"hidden_size"`
	// Direction is forward, reverse or bidirectional; of the last two, the
	// reverse one goes from each sequence's own end to its beginning.
	Direction string `onnx:"direction" default:"forward"`
	// Activations are ONNX's names of the functions f, g, h of each direction, with
	// their parameters: each takes those that it has from the front of the lists.
	Activations     graph.Strings `onnx:"activations"`
	ActivationAlpha graph.Floats  `onnx:"activation_alpha"`
	ActivationBeta  graph.Floats  `onnx:"activation_beta"`
	// Clip bounds what the activations of the gates are applied to to ±Clip; 0 does
	// not.
	Clip float64 `onnx:"clip"`
	// Truncate cuts the gradient: none goes back from step k·Truncate to the one
	// before, of the reverse direction to the one behind (truncated backpropagation
	// through time, Williams and Peng 1990); 0 cuts nowhere. Files do not hold it.
	Truncate int
	// Layout is 0 for sequences [steps, batch, …], 1 for [batch, steps, …].
	Layout int `onnx:"layout"`
}

// Cell is what a step of a recurrent operator computes.
type Cell uint8

// The cells.
const (
	RNNCell Cell = iota
	LSTMCell
	GRUCell
)

// cellForm is what is known of a kind of cell.
type cellForm struct {
	name     string
	gates    int      // how many times the state's length its weights have
	standard []string // activations
}

var cellForms = [...]cellForm{
	RNNCell:  {"RNN", 1, []string{"Tanh"}},
	LSTMCell: {"LSTM", 4, []string{"Sigmoid", "Tanh", "Tanh"}},
	GRUCell:  {"GRU", 3, []string{"Sigmoid", "Tanh"}},
}

// Gates is how many gates a cell has, counting what it writes to its state.
func (c Cell) Gates() int { return cellForms[c].gates }

// Recurrent is a recurrent operator of any cell with all its attributes.
type Recurrent struct {
	Recurrence
	Cell              Cell
	InputForget       bool // of LSTM
	LinearBeforeReset bool // of GRU
}

// sized has the HiddenSize that follows from R, if that is known.
func (o Recurrence) sized(r *graph.Value) Recurrence {
	if o.HiddenSize == 0 && r.Rank() == 3 {
		o.HiddenSize, _ = r.Shape()[2].Size()
	}
	return o
}

// Directions is 2 for bidirectional operators, else 1.
func (o Recurrence) Directions() int {
	if o.Direction == "bidirectional" {
		return 2
	}
	return 1
}

// Reverse tells whether direction d goes from the end to the beginning.
func (o Recurrence) Reverse(d int) bool { return o.Direction == "reverse" || d == 1 }

// Cut tells whether no gradient goes back from step t of direction d, in a sequence
// of so many steps.
func (o Recurrence) Cut(d, t, steps int) bool {
	if o.Reverse(d) {
		t++
	}
	return o.Truncate > 0 && t > 0 && t < steps && t%o.Truncate == 0
}

// The inputs of a recurrent operator.
const (
	recurrentX = iota
	recurrentW // [D, gates·H, I]
	recurrentR // [D, gates·H, H]
	recurrentB // [D, 2·gates·H]
	recurrentLens
	recurrentH // [D, N, H]
	recurrentC // [D, N, H]
	recurrentP // [D, 3·H]
)

func (c Cell) inputs() int {
	if c == LSTMCell {
		return recurrentP + 1
	}
	return recurrentH + 1
}

// extents are the sizes that a recurrent operator works on.
type extents struct {
	steps, batch, in, hidden, dirs, gates graph.Dim
}

// sequence is a shape per step and sample in the operator's layout.
func (o Recurrence) sequence(e extents, rest ...graph.Dim) graph.Shape {
	s := graph.Shape{e.steps, e.batch}
	if o.Layout == 1 {
		s[0], s[1] = s[1], s[0]
	}
	return append(s, rest...)
}

// state is the shape of a state of each direction.
func (o Recurrence) state(e extents) graph.Shape {
	if o.Layout == 1 {
		return graph.Shape{e.batch, e.dirs, e.hidden}
	}
	return graph.Shape{e.dirs, e.batch, e.hidden}
}

// output is the shape of Y.
func (o Recurrence) output(e extents) graph.Shape {
	if o.Layout == 1 {
		return graph.Shape{e.batch, e.steps, e.dirs, e.hidden}
	}
	return graph.Shape{e.steps, e.dirs, e.batch, e.hidden}
}

// kept is the shape of what training keeps of each step: [D, steps, batch, n], or
// with Layout 1 [D, batch, steps, n].
func (o Recurrence) kept(e extents, n graph.Dim) graph.Shape {
	return append(graph.Shape{e.dirs}, o.sequence(e, n)...)
}

// check compares the inputs and returns what they measure.
func (o Recurrent) check(in []graph.Type) (extents, error) {
	var e extents
	if err := expect(in, recurrentB, o.Cell.inputs()); err != nil {
		return e, err
	}
	if err := o.checkAttributes(); err != nil {
		return e, err
	}
	for i, t := range in {
		if !t.Present() {
			continue
		}
		if i == recurrentLens {
			if err := wantDType("sequence_lens", t, tensor.Int32); err != nil {
				return e, err
			}
			continue
		}
		if err := sameDType(in[recurrentX], t); err != nil {
			return e, err
		}
	}
	if err := wantFloat(in[recurrentX]); err != nil {
		return e, err
	}
	for i, name := range []string{"X", "W", "R"} {
		if err := wantRank(name, in[i], 3); err != nil {
			return e, err
		}
	}
	x, gates := in[recurrentX].Shape, o.Cell.Gates()
	e = extents{steps: x[0], batch: x[1], in: x[2], hidden: in[recurrentR].Shape[2], dirs: graph.Known(o.Directions())}
	if o.Layout == 1 {
		e.steps, e.batch = e.batch, e.steps
	}
	if o.HiddenSize > 0 && differ(e.hidden, graph.Known(o.HiddenSize)) {
		return e, fmt.Errorf("hidden_size is %d, but R has the shape %v", o.HiddenSize, in[recurrentR].Shape)
	}
	e.gates = e.hidden.Mul(graph.Known(gates))
	for i, want := range map[int]graph.Shape{
		recurrentW: {e.dirs, e.gates, e.in}, recurrentR: {e.dirs, e.gates, e.hidden},
		recurrentB: {e.dirs, e.gates.Mul(graph.Known(2))}, recurrentLens: {e.batch},
		recurrentH: o.state(e), recurrentC: o.state(e), recurrentP: {e.dirs, e.hidden.Mul(graph.Known(3))},
	} {
		if !has(in, i) {
			continue
		}
		if err := wantShape(recurrentNames[i], in[i], want); err != nil {
			return e, err
		}
	}
	return e, nil
}

var recurrentNames = []string{"X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"}

func (o Recurrent) checkAttributes() error {
	switch o.Direction {
	case "", "forward", "reverse", "bidirectional":
	default:
		return fmt.Errorf("direction must be forward, reverse or bidirectional, not %q", o.Direction)
	}
	if o.Layout != 0 && o.Layout != 1 {
		return fmt.Errorf("layout must be 0 or 1, not %d", o.Layout)
	}
	if o.Truncate < 0 {
		return fmt.Errorf("truncate must be 0 or more, not %d", o.Truncate)
	}
	if !(o.Clip >= 0) {
		return fmt.Errorf("clip must be 0 or more, not %v", o.Clip)
	}
	_, err := o.functions()
	return err
}

// infer gives the types of Y, Y_h and, of LSTM, Y_c.
func (o Recurrent) infer(in []graph.Type) ([]graph.Type, extents, error) {
	e, err := o.check(in)
	if err != nil {
		return nil, e, err
	}
	x := in[recurrentX]
	out := []graph.Type{x.With(o.output(e)...), x.With(o.state(e)...)}
	if o.Cell == LSTMCell {
		out = append(out, x.With(o.state(e)...))
	}
	return out, e, nil
}

// Standard tells whether the activations are the cell's own and nothing is clipped:
// what engines have kernels for. Of RNN, function is that of the state.
func (o Recurrent) Standard() (function string, ok bool) {
	all, err := o.functions()
	if err != nil || o.Clip != 0 || o.InputForget {
		return "", false
	}
	for _, fs := range all {
		for i, f := range fs {
			if o.Cell != RNNCell && f.name != cellForms[o.Cell].standard[i] || f.name != all[0][i].name {
				return "", false
			}
		}
	}
	return all[0][0].name, true
}

// flops counts the products.
func (o Recurrent) flops(in, _ []graph.Type) int64 {
	e, err := o.check(in)
	if err != nil {
		return 0
	}
	n := int64(2)
	for _, d := range []graph.Dim{e.steps, e.batch, e.dirs, e.gates} {
		size, _ := d.Size()
		n *= int64(size)
	}
	i, _ := e.in.Size()
	h, _ := e.hidden.Size()
	return n * int64(i+h)
}
