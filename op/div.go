package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// DivOp is C = A / B with broadcasting; integers are truncated toward zero, and
// an integer divided by zero gives 0.
type DivOp struct{ numberBinary }

// Div is a / b.
func Div(a, b *graph.Value) *graph.Value { return apply1(DivOp{}, a, b) }

// Spec describes the operator.
func (o DivOp) Spec() graph.Spec {
	return binarySpec(o, "Div", 14, "C = A / B", graph.RandIn(-9, 9), graph.RandIn(1, 3))
}

// Infer also follows the values of shapes.
func (o DivOp) Infer(in []graph.Type) ([]graph.Type, error) {
	out, err := o.numberBinary.Infer(in)
	if err != nil {
		return nil, err
	}
	return oneType(combine(out[0], in[0], in[1], func(a, b graph.Dim) (graph.Dim, bool) {
		x, xKnown := a.Size()
		y, yKnown := b.Size()
		switch {
		case !yKnown || y <= 0:
			return a, false
		case xKnown:
			return graph.Known(x / y), true
		}
		return a.Div(y), true
	}))
}

// Eval is the definition.
func (DivOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Div(in[0], in[1]))
}

// Grad is dA = g/B, dB = -g·C/B, each summed over what was broadcast.
func (DivOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	scaled := Div(g[0], in[1])
	d := []*graph.Value{SumLike(scaled, in[0]), nil}
	if needsGrad(in[1]) {
		d[1] = SumLike(Neg(Mul(scaled, out[0])), in[1])
	}
	return d
}
