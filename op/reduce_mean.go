package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ReduceMeanOp is the mean of the data over the axes; of nothing, NaN.
type ReduceMeanOp Reduction

// ReduceMean is the mean of x over the axes, over all of them for nil; with
// keepDims they stay with extent 1.
func ReduceMean(x *graph.Value, axes []int, keepDims bool) *graph.Value {
	return reduce(ReduceMeanOp{KeepDims: Set(keepDims)}, x, axes)
}

// Spec describes the operator.
func (o ReduceMeanOp) Spec() graph.Spec {
	return reductionSpec(func(r Reduction) graph.Op { return ReduceMeanOp(r) }, "ReduceMean", 18, "y = Σ x / n", graph.Arg{}, false)
}

// Infer drops the axes or gives them extent 1.
func (o ReduceMeanOp) Infer(in []graph.Type) ([]graph.Type, error) { return Reduction(o).infer(in) }

// Upgrade makes the axes an input, which they are since opset 18.
func (ReduceMeanOp) Upgrade(n *OldNode) error { return n.toInput("axes", 1) }

// Eval is the definition.
func (o ReduceMeanOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return Reduction(o).eval(in, tensor.Mean)
}

// Grad is dx = g/n.
func (o ReduceMeanOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Reduction(o).spread(Div(g[0], countPerElement(in[0], out[0])), in)}
}
