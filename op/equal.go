package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// EqualOp is C = (A = B), elementwise with broadcasting, for any element type.
type EqualOp struct{}

// Equal tells where a = b.
func Equal(a, b *graph.Value) *graph.Value { return apply1(EqualOp{}, a, b) }

// Spec describes the operator.
func (o EqualOp) Spec() graph.Spec {
	s := binarySpec(o, "Equal", 19, "C = (A = B)", graph.RandIn(-3, 3), graph.RandIn(-3, 3))
	common := s.Cases
	s.Cases = func() []graph.Case {
		return append(common(), graph.Case{Name: "strings", Op: o, In: []graph.Arg{
			graph.Given(tensor.Of([]string{"a", "b"})), graph.Given(tensor.Of([]string{"a", "c"})),
		}})
	}
	return s
}

// Infer also follows known values.
func (o EqualOp) Infer(in []graph.Type) ([]graph.Type, error) {
	t, err := broadcastType(in)
	if err != nil {
		return nil, err
	}
	return fold(o, in, []graph.Type{t.Cast(tensor.Bool)}), nil
}

// Eval is the definition.
func (EqualOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Equal(in[0], in[1]))
}
