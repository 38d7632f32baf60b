package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ReduceSumOp is the sum of the data over the axes.
type ReduceSumOp Reduction

// ReduceSum is the sum of x over the axes, over all of them for nil; with
// keepDims they stay with extent 1.
func ReduceSum(x *graph.Value, axes []int, keepDims bool) *graph.Value {
	return reduce(ReduceSumOp{KeepDims: Set(keepDims)}, x, axes)
}

// Spec describes the operator.
func (o ReduceSumOp) Spec() graph.Spec {
	return reductionSpec(func(r Reduction) graph.Op { return ReduceSumOp(r) }, "ReduceSum", 13, "y = Σ x", graph.Arg{}, true)
}

// Infer drops the axes or gives them extent 1.
func (o ReduceSumOp) Infer(in []graph.Type) ([]graph.Type, error) { return Reduction(o).infer(in) }

// Upgrade makes the axes an input, which they are since opset 13.
func (ReduceSumOp) Upgrade(n *OldNode) error { return n.toInput("axes", 1) }

// Eval is the definition.
func (o ReduceSumOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return Reduction(o).eval(in, tensor.Sum)
}

// Grad repeats g: dx = g.
func (o ReduceSumOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Reduction(o).spread(g[0], in)}
}
