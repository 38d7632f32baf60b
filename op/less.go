package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// LessOp is C = (A < B), elementwise with broadcasting.
type LessOp struct{ comparison }

// Less tells where a < b.
func Less(a, b *graph.Value) *graph.Value { return apply1(LessOp{}, a, b) }

// Spec describes the operator.
func (o LessOp) Spec() graph.Spec {
	return binarySpec(o, "Less", 13, "C = (A < B)", graph.RandIn(-3, 3), graph.RandIn(-3, 3))
}

// Eval is the definition.
func (LessOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Less(in[0], in[1]))
}
