package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// IdentityOp is y = x.
type IdentityOp struct{}

// Identity is x as a value of its own.
func Identity(x *graph.Value) *graph.Value { return apply1(IdentityOp{}, x) }

// Spec describes the operator.
func (o IdentityOp) Spec() graph.Spec {
	s := unarySpec(o, "Identity", 21, "y = x", 0)
	s.FLOPs = noFLOPs
	return s
}

// Infer keeps the type and the value.
func (IdentityOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	return oneType(in[0])
}

// Eval is the definition.
func (IdentityOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) { return one(in[0]) }

// Grad is dx = g.
func (IdentityOp) Grad(_, _, g []*graph.Value) []*graph.Value { return g }
