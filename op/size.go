package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SizeOp is the number of elements of x as an int64 scalar.
type SizeOp struct{}

// Size is the number of elements of x as an int64 scalar.
func Size(x *graph.Value) *graph.Value { return apply1(SizeOp{}, x) }

// Spec describes the operator.
func (o SizeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Size", Since: 21, Formula: "y = number of elements of x", Source: standard,
		Inputs: []string{"data"}, Outputs: []string{"size"}, TypeOnly: []int{0},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{{Op: o, In: []graph.Arg{graph.Rand(2, 3, 4)}}}
		},
	}
}

// Infer knows the value, up to symbols.
func (SizeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	return oneType(withValue(graph.TensorOf(tensor.Int64), []graph.Dim{in[0].Shape.Len()}))
}

// Eval is the definition.
func (SizeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Scalar(int64(in[0].Len())))
}

// Grad is zero.
func (SizeOp) Grad(_, _, _ []*graph.Value) []*graph.Value { return []*graph.Value{nil} }
