package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GlobalAveragePoolOp is the mean of each channel over its spatial axes.
type GlobalAveragePoolOp struct{ globalPool }

// GlobalAveragePool is the mean of each channel of x over its spatial axes, which
// stay with extent 1.
func GlobalAveragePool(x *graph.Value) *graph.Value { return apply1(GlobalAveragePoolOp{}, x) }

// Spec describes the operator.
func (o GlobalAveragePoolOp) Spec() graph.Spec {
	return globalSpec(o, "GlobalAveragePool", "y[n,c] = mean x[n,c,…]")
}

// Eval is the definition.
func (GlobalAveragePoolOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Mean(in[0], spatialAxes(in[0].Rank()), true))
}

// Grad is dX = g/n, n being the number of elements of a channel.
func (GlobalAveragePoolOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	return []*graph.Value{ExpandLike(Div(g[0], countPerElement(in[0], out[0])), in[0])}
}
