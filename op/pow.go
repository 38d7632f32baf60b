package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// PowOp is C = Aᴮ, elementwise with broadcasting, in the element type of A; B
// may have another one.
type PowOp struct{}

// Pow is a to the power b.
func Pow(a, b *graph.Value) *graph.Value { return apply1(PowOp{}, a, b) }

// Spec describes the operator.
func (o PowOp) Spec() graph.Spec {
	s := binarySpec(o, "Pow", 15, "C = A^B", graph.RandIn(1, 3), graph.RandIn(0, 3))
	s.ULP = 4
	common := s.Cases
	s.Cases = func() []graph.Case {
		return append(common(),
			graph.Case{Name: "square of negatives", Op: o, In: []graph.Arg{graph.Rand(4, 5), graph.Given(tensor.Scalar[float32](2))}, NoGrad: "the given exponent is float32"},
			graph.Case{Name: "mixed types", Op: o, In: []graph.Arg{graph.Rand(4, 5), graph.Given(tensor.Scalar[int64](3))}},
		)
	}
	return s
}

// Infer gives the element type of A and the shape of both broadcast.
func (PowOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	for _, t := range in {
		if err := wantNumber(t); err != nil {
			return nil, err
		}
	}
	shape, err := graph.BroadcastShapes(in[0].Shape, in[1].Shape)
	if err != nil {
		return nil, err
	}
	return oneType(in[0].With(shape...))
}

// Eval is the definition.
func (PowOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	a, b := in[0], in[1]
	if a.DType().IsFloat() {
		return one(tensor.Cast(tensor.Pow(a, tensor.Cast(b, a.DType())), a.DType()))
	}
	return one(tensor.Cast(tensor.Pow(a, b), a.DType()))
}

// Grad is dA = g·B·A^(B-1), dB = g·C·ln A (0 where A is 0, as in PyTorch), each
// summed over what was broadcast.
func (PowOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	a, b := in[0], in[1]
	if b.DType() != a.DType() {
		b = Cast(b, a.DType())
	}
	d := make([]*graph.Value, 2)
	if needsGrad(in[0]) {
		d[0] = SumLike(Mul(g[0], Mul(b, Pow(a, Sub(b, Scalar(b, 1))))), a)
	}
	if needsGrad(in[1]) {
		isZero := Equal(a, Scalar(a, 0))
		log := Log(Where(isZero, Scalar(a, 1), a))
		d[1] = SumLike(Mul(g[0], Mul(out[0], log)), b)
		if in[1].DType() != a.DType() {
			d[1] = Cast(d[1], in[1].DType())
		}
	}
	return d
}
