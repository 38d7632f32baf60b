package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ReduceProdOp is the product of the data over the axes.
type ReduceProdOp Reduction

// ReduceProd is the product of x over the axes, over all of them for nil; with
// keepDims they stay with extent 1.
func ReduceProd(x *graph.Value, axes []int, keepDims bool) *graph.Value {
	return reduce(ReduceProdOp{KeepDims: Set(keepDims)}, x, axes)
}

// Spec describes the operator.
func (o ReduceProdOp) Spec() graph.Spec {
	return reductionSpec(func(r Reduction) graph.Op { return ReduceProdOp(r) }, "ReduceProd", 18, "y = Π x", graph.RandIn(-2, 2), true)
}

// Infer drops the axes or gives them extent 1.
func (o ReduceProdOp) Infer(in []graph.Type) ([]graph.Type, error) { return Reduction(o).infer(in) }

// Upgrade makes the axes an input, which they are since opset 18.
func (ReduceProdOp) Upgrade(n *OldNode) error { return n.toInput("axes", 1) }

// Eval is the definition.
func (o ReduceProdOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return Reduction(o).eval(in, tensor.Prod)
}

// Grad is g times the product of all other elements, also where one of them
// is zero.
func (o ReduceProdOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	x := in[0]
	zero, one := Scalar(x, 0), Scalar(x, 1)
	isZero := Equal(x, zero)
	rest := Where(isZero, one, x) // the zeros are counted instead
	product := Reduction(o).spread(apply1(o, append([]*graph.Value{rest}, in[1:]...)...), in)
	zeros := Reduction(o).spread(apply1(ReduceSumOp(o), append([]*graph.Value{Cast(isZero, x.DType())}, in[1:]...)...), in)
	others := Where(isZero,
		Where(Equal(zeros, one), product, zero),
		Where(Equal(zeros, zero), Div(product, rest), zero))
	return []*graph.Value{Mul(Reduction(o).spread(g[0], in), others)}
}
