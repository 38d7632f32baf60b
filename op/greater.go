package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GreaterOp is C = (A > B), elementwise with broadcasting.
type GreaterOp struct{ comparison }

// Greater tells where a > b.
func Greater(a, b *graph.Value) *graph.Value { return apply1(GreaterOp{}, a, b) }

// Spec describes the operator.
func (o GreaterOp) Spec() graph.Spec {
	return binarySpec(o, "Greater", 13, "C = (A > B)", graph.RandIn(-3, 3), graph.RandIn(-3, 3))
}

// Eval is the definition.
func (GreaterOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Greater(in[0], in[1]))
}
