package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// GreaterOrEqualOp is C = (A ≥ B), elementwise with broadcasting.
type GreaterOrEqualOp struct{ comparison }

// GreaterOrEqual tells where a ≥ b.
func GreaterOrEqual(a, b *graph.Value) *graph.Value { return apply1(GreaterOrEqualOp{}, a, b) }

// Spec describes the operator.
func (o GreaterOrEqualOp) Spec() graph.Spec {
	return binarySpec(o, "GreaterOrEqual", 16, "C = (A ≥ B)", graph.RandIn(-3, 3), graph.RandIn(-3, 3))
}

// Eval is the definition.
func (GreaterOrEqualOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.GreaterEqual(in[0], in[1]))
}
