package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// RecurrentTrainOp is RNN, LSTM or GRU that also gives what its gradient needs of
// each step: what the gates are; the state before the step; and of LSTM the cell
// before it, of GRU with LinearBeforeReset R_h·h + Rb_h. These outputs have no
// gradients.
type RecurrentTrainOp struct{ Recurrent }

// Spec describes the operator.
func (o RecurrentTrainOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "RecurrentTrain", Domain: ember, Formula: "as RNN, LSTM or GRU, and what their gradient needs",
		Source: "Hochreiter, Schmidhuber, \"Long short-term memory\", 1997; Cho et al., \"Learning phrase representations\", 2014",
		Inputs: []string{"X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?"}, Outputs: []string{"Y", "Y_h", "rest..."}, ULP: 256,
		FLOPs: o.flops,
		Cases: func() []graph.Case {
			var cases []graph.Case
			for cell := RNNCell; cell <= GRUCell; cell++ {
				for _, c := range recurrentCases(cell) {
					r := c.Op.(interface{ Recurrent() Recurrent }).Recurrent()
					c.Op, c.NoGrad = RecurrentTrainOp{r}, "as that of the operator itself"
					c.Name = cellForms[cell].name + " " + c.Name
					cases = append(cases, c)
				}
			}
			return cases
		},
	}
}

// Covers is the operator itself.
func (o RecurrentTrainOp) Covers() graph.Op {
	switch o.Cell {
	case LSTMCell:
		return LSTMOp{o.Recurrence, o.InputForget}
	case GRUCell:
		return GRUOp{o.Recurrence, o.LinearBeforeReset}
	}
	return RNNOp{o.Recurrence}
}

// keptTypes are the types of what training keeps.
func (o Recurrent) keptTypes(x graph.Type, e extents) []graph.Type {
	types := []graph.Type{x.With(o.kept(e, e.gates)...), x.With(o.kept(e, e.hidden)...)}
	if o.KeepsMore() {
		types = append(types, x.With(o.kept(e, e.hidden)...))
	}
	return types
}

// KeepsMore tells whether training keeps a third number of each cell.
func (o Recurrent) KeepsMore() bool {
	return o.Cell == LSTMCell || o.Cell == GRUCell && o.LinearBeforeReset
}

// Infer gives the outputs of the operator itself and what is kept.
func (o RecurrentTrainOp) Infer(in []graph.Type) ([]graph.Type, error) {
	out, e, err := o.infer(in)
	if err != nil {
		return nil, err
	}
	return append(out, o.keptTypes(in[recurrentX], e)...), nil
}

// Eval is the definition.
func (o RecurrentTrainOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return o.evaluate(in, true)
}

// Grad goes back through the steps.
func (o RecurrentTrainOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	return o.gradient(in, out, g)
}

// differentiate is the gradient of the operator itself, which applies it again in
// the form that keeps what is needed.
func (o Recurrent) differentiate(in, g []*graph.Value) []*graph.Value {
	return o.gradient(in, apply(RecurrentTrainOp{o}, in...), g)
}

// gradient builds the gradients from what training kept.
func (o Recurrent) gradient(in, out, g []*graph.Value) []*graph.Value {
	outputs := 2
	dc := (*graph.Value)(nil)
	if o.Cell == LSTMCell {
		outputs, dc = 3, g[2]
	}
	kept := out[outputs:]
	gates, prev := kept[0], kept[1]
	var aux *graph.Value
	if o.KeepsMore() {
		aux = kept[2]
	}
	back := apply(RecurrentGradOp{o}, in[recurrentR], gates, prev, aux, g[0], g[1], dc,
		optional(in, recurrentLens), optional(in, recurrentP))
	dz, ds := back[0], back[0] // of what is added up from the input and from the state
	rest := back[1:]
	if o.hasStatePart() {
		ds, rest = rest[0], rest[1:]
	}
	dirs := o.Directions()
	x := Flatten(in[recurrentX], 2)
	dzs, dss := directions(dz, dirs), directions(ds, dirs)
	ws, prevs, gs := directions(in[recurrentW], dirs), directions(prev, dirs), directions(gates, dirs)
	d := make([]*graph.Value, len(in))
	var dx *graph.Value
	var dw, dr, db []*graph.Value
	for i := range dirs {
		term := Gemm(dzs[i], ws[i], nil, GemmOp{})
		if dx == nil {
			dx = term
		} else {
			dx = Add(dx, term)
		}
		dw = append(dw, Gemm(dzs[i], x, nil, GemmOp{TransA: true}))
		dr = append(dr, o.weightOfState(dss[i], prevs[i], gs[i]))
		zs, ss := ReduceSum(dzs[i], []int{0}, false), ReduceSum(dss[i], []int{0}, false)
		db = append(db, Concat(0, zs, ss))
	}
	d[recurrentX] = ReshapeLike(dx, in[recurrentX])
	d[recurrentW], d[recurrentR] = stack(dw), stack(dr)
	if optional(in, recurrentB) != nil {
		d[recurrentB] = stack(db)
	}
	if optional(in, recurrentH) != nil {
		d[recurrentH] = rest[0]
	}
	if optional(in, recurrentC) != nil {
		d[recurrentC] = rest[1]
	}
	if optional(in, recurrentP) != nil {
		d[recurrentP] = o.peepholes(dzs, gs, directions(aux, dirs))
	}
	return d
}

// weightOfState is the gradient of a direction's R.
func (o Recurrent) weightOfState(ds, prev, gates *graph.Value) *graph.Value {
	if o.Cell != GRUCell || o.LinearBeforeReset {
		return Gemm(ds, prev, nil, GemmOp{TransA: true})
	}
	n := knownHidden(prev)
	parts, reset := Split(ds, 1, 2*n, n), Mul(Split(gates, 1, n, n, n)[1], prev)
	return Concat(0, Gemm(parts[0], prev, nil, GemmOp{TransA: true}), Gemm(parts[1], reset, nil, GemmOp{TransA: true}))
}

// peepholes is the gradient of P: of the input and the forget gate times the cell
// before the step, of the output gate times that after it.
func (o Recurrent) peepholes(dzs, gates, cells []*graph.Value) *graph.Value {
	var dp []*graph.Value
	for i, dz := range dzs {
		n := knownHidden(cells[i])
		d, g := Split(dz, 1, n, n, n, n), Split(gates[i], 1, n, n, n, n)
		after := Add(Mul(g[2], cells[i]), Mul(g[0], g[3]))
		sum := func(d, c *graph.Value) *graph.Value { return ReduceSum(Mul(d, c), []int{0}, false) }
		dp = append(dp, Concat(0, sum(d[0], cells[i]), sum(d[1], after), sum(d[2], cells[i])))
	}
	return stack(dp)
}

// directions are the parts of each direction of a value [D, a, b, …, n] as matrices
// [a·b·…, n].
func directions(v *graph.Value, dirs int) []*graph.Value {
	parts := []*graph.Value{v}
	if dirs == 2 {
		parts = Split(v, 0, 1, 1)
	}
	flat := make([]*graph.Value, dirs)
	for i, p := range parts {
		flat[i] = Flatten(p, p.Rank()-1)
	}
	return flat
}

// stack joins the parts of each direction again.
func stack(parts []*graph.Value) *graph.Value {
	wide := make([]*graph.Value, len(parts))
	for i, p := range parts {
		wide[i] = Unsqueeze(p, 0)
	}
	if len(wide) == 1 {
		return wide[0]
	}
	return Concat(0, wide...)
}

// knownHidden is the length of a state [rows, H].
func knownHidden(v *graph.Value) int {
	n, ok := v.Shape()[1].Size()
	if !ok {
		panic(&tensor.ShapeError{Op: "recurrent gradient", Detail: "the size of the state must be known while the graph is built"})
	}
	return n
}
