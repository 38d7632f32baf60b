package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// MaxOp is the largest of its inputs, elementwise with broadcasting; NaN where one
// is.
type MaxOp struct{ extremum }

// Max is the largest of the values, elementwise.
func Max(values ...*graph.Value) *graph.Value { return apply1(MaxOp{}, values...) }

// Spec describes the operator.
func (o MaxOp) Spec() graph.Spec { return extremumSpec(o, "Max", "y = max(x₁, x₂, …)") }

// Eval is the definition.
func (MaxOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return foldExtremum(in, tensor.Maximum)
}
