package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// TransposeOp permutes the axes: axis i of the result is axis Perm[i] of x. An
// empty Perm reverses them.
type TransposeOp struct {
	Perm graph.Ints `onnx:"perm"`
}

// Transpose permutes the axes of x; without a permutation it reverses them.
func Transpose(x *graph.Value, perm ...int) *graph.Value {
	return apply1(TransposeOp{Perm: graph.MakeInts(perm...)}, x)
}

// Spec describes the operator.
func (o TransposeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Transpose", Since: 21, Formula: "y[…i…] = x[…i…] with the axes permuted", Source: standard,
		Inputs: []string{"data"}, Outputs: []string{"transposed"},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			p := func(perm ...int) TransposeOp { return TransposeOp{Perm: graph.MakeInts(perm...)} }
			return []graph.Case{
				{Op: TransposeOp{}, In: []graph.Arg{graph.Rand(17, 35)}},
				{Name: "reverse", Op: TransposeOp{}, In: []graph.Arg{graph.Rand(2, 3, 4)}},
				{Name: "channels last", Op: p(0, 2, 3, 1), In: []graph.Arg{graph.Rand(2, 3, 4, 5)}},
				{Name: "channels first", Op: p(0, 3, 1, 2), In: []graph.Arg{graph.Rand(2, 4, 5, 3)}},
				{Name: "last two", Op: p(0, 2, 1), In: []graph.Arg{graph.Rand(2, 3, 4)}},
				{Name: "large", Op: p(0, 2, 3, 1), In: []graph.Arg{graph.Rand(3, 17, 33, 31)}, NoGrad: large},
				{Name: "nothing", Op: p(0, 1), In: []graph.Arg{graph.Rand(2, 3)}},
				{Name: "empty", Op: TransposeOp{}, In: []graph.Arg{graph.Rand(0, 3)}},
				{Name: "int64", Op: TransposeOp{}, In: []graph.Arg{intArg(-9, 9, 3, 4)}},
				{Name: "bool", Op: TransposeOp{}, In: []graph.Arg{boolArg(3, 4)}},
			}
		},
	}
}

// perm is the permutation for a rank.
func (o TransposeOp) perm(rank int) ([]int, error) {
	perm := o.Perm.Slice()
	if len(perm) == 0 {
		for i := rank - 1; i >= 0; i-- {
			perm = append(perm, i)
		}
	}
	if len(perm) != rank {
		return nil, fmt.Errorf("the permutation %v has %d axes, the input %d", perm, len(perm), rank)
	}
	return axesOf(perm, rank)
}

// Infer permutes the shape.
func (o TransposeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	perm, err := o.perm(in[0].Rank())
	if err != nil {
		return nil, err
	}
	shape := make(graph.Shape, len(perm))
	for i, p := range perm {
		shape[i] = in[0].Shape[p]
	}
	return oneType(in[0].With(shape...))
}

// Eval is the definition.
func (o TransposeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(in[0].Transpose(o.Perm.Slice()...))
}

// Grad permutes back.
func (o TransposeOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	perm, err := o.perm(in[0].Rank())
	if err != nil {
		panic(&tensor.ShapeError{Op: "Transpose", Detail: err.Error()}) // inference has checked it
	}
	inverse := make([]int, len(perm))
	for i, p := range perm {
		inverse[p] = i
	}
	return []*graph.Value{Transpose(g[0], inverse...)}
}
