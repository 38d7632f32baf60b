package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// MinOp is the smallest of its inputs, elementwise with broadcasting; NaN where one
// is.
type MinOp struct{ extremum }

// Min is the smallest of the values, elementwise.
func Min(values ...*graph.Value) *graph.Value { return apply1(MinOp{}, values...) }

// Spec describes the operator.
func (o MinOp) Spec() graph.Spec { return extremumSpec(o, "Min", "y = min(x₁, x₂, …)") }

// Eval is the definition.
func (MinOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return foldExtremum(in, tensor.Minimum)
}
