package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ReduceMinOp is the smallest element of the data over the axes; of nothing,
// the largest number of the element type.
type ReduceMinOp Reduction

// ReduceMin is the smallest element of x over the axes, over all of them for nil; with
// keepDims they stay with extent 1.
func ReduceMin(x *graph.Value, axes []int, keepDims bool) *graph.Value {
	return reduce(ReduceMinOp{KeepDims: Set(keepDims)}, x, axes)
}

// Spec describes the operator.
func (o ReduceMinOp) Spec() graph.Spec {
	return reductionSpec(func(r Reduction) graph.Op { return ReduceMinOp(r) }, "ReduceMin", 20, "y = min x", graph.Arg{}, true)
}

// Infer drops the axes or gives them extent 1.
func (o ReduceMinOp) Infer(in []graph.Type) ([]graph.Type, error) { return Reduction(o).infer(in) }

// Upgrade makes the axes an input, which they are since opset 18.
func (ReduceMinOp) Upgrade(n *OldNode) error { return n.toInput("axes", 1) }

// Eval is the definition.
func (o ReduceMinOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return Reduction(o).eval(in, extremes(tensor.Min, math.Inf(1)))
}

// Grad gives g to the smallest element; where several are, each gets an
// equal share.
func (o ReduceMinOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	return Reduction(o).shareExtremum(in, out, g)
}
