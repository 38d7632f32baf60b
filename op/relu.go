package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ReluOp is y = max(x, 0), elementwise; NaN stays NaN.
type ReluOp struct{ numberUnary }

// Relu is max(x, 0).
func Relu(x *graph.Value) *graph.Value { return apply1(ReluOp{}, x) }

// Spec describes the operator.
func (o ReluOp) Spec() graph.Spec {
	return unaryIn(o, "Relu", 14, "y = max(x, 0)", 0, -1, 1, 0)
}

// Eval is the definition.
func (ReluOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Maximum(in[0], tensor.New(in[0].DType())))
}

// Grad is dx = g where y > 0, else 0; it needs y only, so that x may be
// overwritten.
func (ReluOp) Grad(_, out, g []*graph.Value) []*graph.Value {
	zero := Scalar(g[0], 0)
	return []*graph.Value{Where(Greater(out[0], zero), g[0], zero)}
}
