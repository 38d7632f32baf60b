package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GlobalMaxPoolOp is the largest element of each channel over its spatial axes.
type GlobalMaxPoolOp struct{ globalPool }

// GlobalMaxPool is the largest element of each channel of x over its spatial axes,
// which stay with extent 1.
func GlobalMaxPool(x *graph.Value) *graph.Value { return apply1(GlobalMaxPoolOp{}, x) }

// Spec describes the operator.
func (o GlobalMaxPoolOp) Spec() graph.Spec {
	return globalSpec(o, "GlobalMaxPool", "y[n,c] = max x[n,c,…]")
}

// Eval is the definition.
func (GlobalMaxPoolOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(extremes(tensor.Max, math.Inf(-1))(in[0], spatialAxes(in[0].Rank()), true))
}

// Grad gives g to the largest element; where several are, each gets an equal
// share.
func (GlobalMaxPoolOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	axes := Ints(in[0], spatialAxes(in[0].Rank())...)
	return Reduction{}.shareExtremum([]*graph.Value{in[0], axes}, out, g)
}
