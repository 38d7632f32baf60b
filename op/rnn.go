package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// RNNOp is a simple recurrent network over sequences:
//
//	h[t] = f(W·x[t] + Wb + R·h[t-1] + Rb)
//
// Its outputs are all states and the last of each sequence.
type RNNOp struct{ Recurrence }

// RNN applies the operator: b, lens and h0 may be nil.
func RNN(attrs RNNOp, x, w, r, b, lens, h0 *graph.Value) (y, last *graph.Value) {
	attrs.Recurrence = attrs.sized(r)
	out := apply(attrs, x, w, r, b, lens, h0)
	return out[0], out[1]
}

// Recurrent is the operator with its attributes as an engine takes them.
func (o RNNOp) Recurrent() Recurrent { return Recurrent{Recurrence: o.Recurrence, Cell: RNNCell} }

// Spec describes the operator.
func (o RNNOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "RNN", Since: 14, Formula: "h[t] = f(W·x[t] + R·h[t-1] + b)", Source: "Elman, \"Finding structure in time\", 1990",
		Inputs: recurrentNames[:6], Outputs: []string{"Y?", "Y_h?"}, ULP: 256, FLOPs: o.Recurrent().flops,
		Cases: func() []graph.Case { return recurrentCases(RNNCell) },
	}
}

// Infer gives the states of all steps and the last ones.
func (o RNNOp) Infer(in []graph.Type) ([]graph.Type, error) {
	out, _, err := o.Recurrent().infer(in)
	return out, err
}

// Eval is the definition.
func (o RNNOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return o.Recurrent().evaluate(in, false)
}

// Grad goes back through the steps.
func (o RNNOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return o.Recurrent().differentiate(in, g)
}
