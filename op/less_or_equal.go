package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// LessOrEqualOp is C = (A ≤ B), elementwise with broadcasting.
type LessOrEqualOp struct{ comparison }

// LessOrEqual tells where a ≤ b.
func LessOrEqual(a, b *graph.Value) *graph.Value { return apply1(LessOrEqualOp{}, a, b) }

// Spec describes the operator.
func (o LessOrEqualOp) Spec() graph.Spec {
	return binarySpec(o, "LessOrEqual", 16, "C = (A ≤ B)", graph.RandIn(-3, 3), graph.RandIn(-3, 3))
}

// Eval is the definition.
func (LessOrEqualOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.LessEqual(in[0], in[1]))
}
