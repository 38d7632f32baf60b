package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ReduceMaxOp is the largest element of the data over the axes; of nothing,
// the smallest number of the element type.
type ReduceMaxOp Reduction

// ReduceMax is the largest element of x over the axes, over all of them for nil; with
// keepDims they stay with extent 1.
func ReduceMax(x *graph.Value, axes []int, keepDims bool) *graph.Value {
	return reduce(ReduceMaxOp{KeepDims: Set(keepDims)}, x, axes)
}

// Spec describes the operator.
func (o ReduceMaxOp) Spec() graph.Spec {
	return reductionSpec(func(r Reduction) graph.Op { return ReduceMaxOp(r) }, "ReduceMax", 20, "y = max x", graph.Arg{}, true)
}

// Infer drops the axes or gives them extent 1.
func (o ReduceMaxOp) Infer(in []graph.Type) ([]graph.Type, error) { return Reduction(o).infer(in) }

// Upgrade makes the axes an input, which they are since opset 18.
func (ReduceMaxOp) Upgrade(n *OldNode) error { return n.toInput("axes", 1) }

// Eval is the definition.
func (o ReduceMaxOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return Reduction(o).eval(in, extremes(tensor.Max, math.Inf(-1)))
}

// Grad gives g to the largest element; where several are, each gets an
// equal share.
func (o ReduceMaxOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	return Reduction(o).shareExtremum(in, out, g)
}
