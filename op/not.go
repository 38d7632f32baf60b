package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// NotOp is y = not x for booleans.
type NotOp struct{}

// Not is not x.
func Not(x *graph.Value) *graph.Value { return apply1(NotOp{}, x) }

// Spec describes the operator.
func (o NotOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Not", Since: 1, Formula: "y = not x", Source: standard,
		Inputs: []string{"x"}, Outputs: []string{"y"},
		Cases: func() []graph.Case { return []graph.Case{{Op: o, In: []graph.Arg{boolArg(3, 4)}}} },
	}
}

// Infer keeps the type.
func (NotOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	if err := wantDType("the input", in[0], tensor.Bool); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[0].Shape...))
}

// Eval is the definition.
func (NotOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(tensor.Not(in[0])) }
