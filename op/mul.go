package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// MulOp is C = A · B, elementwise with broadcasting.
type MulOp struct{ numberBinary }

// Mul is a · b, elementwise.
func Mul(a, b *graph.Value) *graph.Value { return apply1(MulOp{}, a, b) }

// Spec describes the operator.
func (o MulOp) Spec() graph.Spec {
	return binarySpec(o, "Mul", 14, "C = A · B", graph.Arg{}, graph.Arg{})
}

// Infer also follows the values of shapes.
func (o MulOp) Infer(in []graph.Type) ([]graph.Type, error) {
	out, err := o.numberBinary.Infer(in)
	if err != nil {
		return nil, err
	}
	return oneType(combine(out[0], in[0], in[1], func(a, b graph.Dim) (graph.Dim, bool) { return a.Mul(b), true }))
}

// Eval is the definition.
func (MulOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Mul(in[0], in[1]))
}

// Grad is dA = g·B, dB = g·A, each summed over what was broadcast.
func (MulOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	out := make([]*graph.Value, 2)
	if needsGrad(in[0]) {
		out[0] = SumLike(Mul(g[0], in[1]), in[0])
	}
	if needsGrad(in[1]) {
		out[1] = SumLike(Mul(g[0], in[0]), in[1])
	}
	return out
}
