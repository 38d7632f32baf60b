package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SubOp is C = A - B with broadcasting.
type SubOp struct{ numberBinary }

// Sub is a - b.
func Sub(a, b *graph.Value) *graph.Value { return apply1(SubOp{}, a, b) }

// Spec describes the operator.
func (o SubOp) Spec() graph.Spec {
	return binarySpec(o, "Sub", 14, "C = A - B", graph.Arg{}, graph.Arg{})
}

// Infer also follows the values of shapes.
func (o SubOp) Infer(in []graph.Type) ([]graph.Type, error) {
	out, err := o.numberBinary.Infer(in)
	if err != nil {
		return nil, err
	}
	return oneType(combine(out[0], in[0], in[1], func(a, b graph.Dim) (graph.Dim, bool) {
		if a == b {
			return graph.Known(0), true
		}
		n, known := b.Size()
		return a.Add(graph.Known(-n)), known
	}))
}

// Eval is the definition.
func (SubOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Sub(in[0], in[1]))
}

// Grad is dA = g, dB = -g, each summed over what was broadcast.
func (SubOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{SumLike(g[0], in[0]), Neg(SumLike(g[0], in[1]))}
}
