package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// AndOp is C = A and B for booleans, elementwise with broadcasting.
type AndOp struct{ logical }

// And is a and b.
func And(a, b *graph.Value) *graph.Value { return apply1(AndOp{}, a, b) }

// Spec describes the operator.
func (o AndOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "And", Since: 7, Formula: "C = A and B", Source: standard,
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
func (AndOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.And(in[0], in[1]))
}
