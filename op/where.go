package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// WhereOp is y = X where the condition holds, else Y, elementwise with
// broadcasting of all three.
type WhereOp struct{}

// Where is a where cond holds, else b.
func Where(cond, a, b *graph.Value) *graph.Value { return apply1(WhereOp{}, cond, a, b) }

// Spec describes the operator.
func (o WhereOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Where", Since: 16, Formula: "out = condition ? X : Y", Source: standard,
		Inputs: []string{"condition", "X", "Y"}, Outputs: []string{"output"},
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{boolArg(3, 37), graph.Rand(3, 37), graph.Rand(3, 37)}},
				{Name: "broadcast", Op: o, In: []graph.Arg{boolArg(3, 1), graph.Rand(4), graph.Rand(2, 1, 1)}},
				{Name: "scalars", Op: o, In: []graph.Arg{boolArg(5, 6), graph.Rand(5, 6), graph.Rand()}},
				{Name: "int64", Op: o, In: []graph.Arg{boolArg(5), intArg(-9, 9, 5), intArg(-9, 9, 5)}},
				{Name: "large", Op: o, In: []graph.Arg{boolArg(257, 129), graph.Rand(257, 129), graph.Rand()}, NoGrad: large},
				{Name: "empty", Op: o, In: []graph.Arg{boolArg(0), graph.Rand(0), graph.Rand(1)}},
			}
		},
	}
}

// Infer broadcasts all three shapes and follows known values.
func (o WhereOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	if err := wantDType("the condition", in[0], tensor.Bool); err != nil {
		return nil, err
	}
	if err := sameDType(in[1], in[2]); err != nil {
		return nil, err
	}
	shape, err := graph.BroadcastShapes(in[0].Shape, in[1].Shape, in[2].Shape)
	if err != nil {
		return nil, err
	}
	return fold(o, in, []graph.Type{in[1].With(shape...)}), nil
}

// Eval is the definition.
func (WhereOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Where(in[0], in[1], in[2]))
}

// Grad is dX = g where the condition holds, dY = g where it does not.
func (WhereOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	d, zero := make([]*graph.Value, 3), Scalar(g[0], 0)
	if needsGrad(in[1]) {
		d[1] = SumLike(Where(in[0], g[0], zero), in[1])
	}
	if needsGrad(in[2]) {
		d[2] = SumLike(Where(in[0], zero, g[0]), in[2])
	}
	return d
}
