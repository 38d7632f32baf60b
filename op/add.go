package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// AddOp is C = A + B with broadcasting.
type AddOp struct{ numberBinary }

// Add is a + b.
func Add(a, b *graph.Value) *graph.Value { return apply1(AddOp{}, a, b) }

// Spec describes the operator.
func (o AddOp) Spec() graph.Spec {
	return binarySpec(o, "Add", 14, "C = A + B", graph.Arg{}, graph.Arg{})
}

// Infer also follows the values of shapes.
func (o AddOp) Infer(in []graph.Type) ([]graph.Type, error) {
	out, err := o.numberBinary.Infer(in)
	if err != nil {
		return nil, err
	}
	return oneType(combine(out[0], in[0], in[1], func(a, b graph.Dim) (graph.Dim, bool) { return a.Add(b), true }))
}

// Eval is the definition.
func (AddOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Add(in[0], in[1]))
}

// Grad is dA = g, dB = g, each summed over what was broadcast.
func (AddOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{SumLike(g[0], in[0]), SumLike(g[0], in[1])}
}
