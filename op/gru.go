package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GRUOp is a network of gated recurrent units over sequences; its weights hold the
// gates in the order z, r, h:
//
//	z = f(W_z·x[t] + R_z·h[t-1] + b_z)
//	r = f(W_r·x[t] + R_r·h[t-1] + b_r)
//	ĥ = g(W_h·x[t] + Wb_h + R_h·(r∘h[t-1]) + Rb_h)
//	ĥ = g(W_h·x[t] + Wb_h + r∘(R_h·h[t-1] + Rb_h))  with LinearBeforeReset
//	h[t] = (1 - z)∘ĥ + z∘h[t-1]
//
// Its outputs are all states and the last of each sequence. PyTorch's GRU, and
// Keras's with reset_after, are those with LinearBeforeReset.
type GRUOp struct {
	Recurrence
	LinearBeforeReset bool `onnx:"linear_before_reset"`
}

// GRU applies the operator: b, lens and h0 may be nil.
func GRU(attrs GRUOp, x, w, r, b, lens, h0 *graph.Value) (y, last *graph.Value) {
	attrs.Recurrence = attrs.sized(r)
	out := apply(attrs, x, w, r, b, lens, h0)
	return out[0], out[1]
}

// Recurrent is the operator with its attributes as an engine takes them.
func (o GRUOp) Recurrent() Recurrent {
	return Recurrent{Recurrence: o.Recurrence, Cell: GRUCell, LinearBeforeReset: o.LinearBeforeReset}
}

// Spec describes the operator.
func (o GRUOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "GRU", Since: 14, Formula: "h[t] = (1 - z)∘ĥ + z∘h[t-1]; z, r, ĥ of W·x[t] + R·h[t-1] + b",
		Source: "Cho et al., \"Learning phrase representations using RNN encoder-decoder\", 2014",
		Inputs: recurrentNames[:6], Outputs: []string{"Y?", "Y_h?"}, ULP: 256, FLOPs: o.Recurrent().flops,
		Cases: func() []graph.Case { return recurrentCases(GRUCell) },
	}
}

// Infer gives the states of all steps and the last ones.
func (o GRUOp) Infer(in []graph.Type) ([]graph.Type, error) {
	out, _, err := o.Recurrent().infer(in)
	return out, err
}

// Eval is the definition.
func (o GRUOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return o.Recurrent().evaluate(in, false)
}

// Grad goes back through the steps.
func (o GRUOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return o.Recurrent().differentiate(in, g)
}
