package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// OrOp is C = A or B for booleans, elementwise with broadcasting.
type OrOp struct{ logical }

// Or is a or b.
func Or(a, b *graph.Value) *graph.Value { return apply1(OrOp{}, a, b) }

// Spec describes the operator.
func (o OrOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Or", Since: 7, Formula: "C = A or B", Source: standard,
		Inputs: []string{"A", "B"}, Outputs: []string{"C"},
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{boolArg(3, 4), boolArg(3, 4)}},
				{Name: "broadcast", Op: o, In: []graph.Arg{boolArg(3, 4), boolArg(4)}},
			}
		},
	}
}

// Eval is the definition.
func (OrOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Or(in[0], in[1]))
}
