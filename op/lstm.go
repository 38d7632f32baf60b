package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// LSTMOp is a network of long short-term memory over sequences; its weights hold
// the gates in the order i, o, f, c:
//
//	i = f(W_i·x[t] + R_i·h[t-1] + P_i∘c[t-1] + b_i)
//	f = f(W_f·x[t] + R_f·h[t-1] + P_f∘c[t-1] + b_f), or 1 - i with InputForget
//	c[t] = f∘c[t-1] + i∘g(W_c·x[t] + R_c·h[t-1] + b_c)
//	o = f(W_o·x[t] + R_o·h[t-1] + P_o∘c[t] + b_o)
//	h[t] = o∘h(c[t])
//
// Its outputs are all h, and the last h and c of each sequence.
type LSTMOp struct {
	Recurrence
	InputForget bool `onnx:"input_forget"`
}

// LSTM applies the operator: b, lens, h0, c0 and p may be nil.
func LSTM(attrs LSTMOp, x, w, r, b, lens, h0, c0, p *graph.Value) (y, lastH, lastC *graph.Value) {
	attrs.Recurrence = attrs.sized(r)
	out := apply(attrs, x, w, r, b, lens, h0, c0, p)
	return out[0], out[1], out[2]
}

// Recurrent is the operator with its attributes as an engine takes them.
func (o LSTMOp) Recurrent() Recurrent {
	return Recurrent{Recurrence: o.Recurrence, Cell: LSTMCell, InputForget: o.InputForget}
}

// Spec describes the operator.
func (o LSTMOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "LSTM", Since: 14, Formula: "c[t] = f∘c[t-1] + i∘g, h[t] = o∘tanh(c[t]); i, f, o, g of W·x[t] + R·h[t-1] + b",
		Source: "Hochreiter, Schmidhuber, \"Long short-term memory\", 1997; Gers, Schmidhuber, \"Recurrent nets that time and count\", 2000 (P)",
		Inputs: recurrentNames, Outputs: []string{"Y?", "Y_h?", "Y_c?"}, ULP: 256, FLOPs: o.Recurrent().flops,
		Cases: func() []graph.Case { return recurrentCases(LSTMCell) },
	}
}

// Infer gives the states of all steps and the last ones.
func (o LSTMOp) Infer(in []graph.Type) ([]graph.Type, error) {
	out, _, err := o.Recurrent().infer(in)
	return out, err
}

// Eval is the definition.
func (o LSTMOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return o.Recurrent().evaluate(in, false)
}

// Grad goes back through the steps.
func (o LSTMOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return o.Recurrent().differentiate(in, g)
}
