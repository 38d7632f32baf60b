package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// MaxPoolGradOp is zeros of the shape of x to which each element of g is added at
// its index in all of x, in row-major order of g; a negative index drops it. Of x
// only the shape matters.
type MaxPoolGradOp struct{}

// Spec describes the operator.
func (o MaxPoolGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "MaxPoolGrad", Domain: ember, Formula: "dx = 0; dx[indices[i]] += g[i]", Source: "the transpose of MaxPool",
		Inputs: []string{"g", "Indices", "X"}, Outputs: []string{"dX"}, TypeOnly: []int{2}, ULP: 8,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{graph.Rand(2, 3, 3, 2), intArg(0, 143, 2, 3, 3, 2), graph.Rand(2, 3, 6, 4)}},
				{Name: "overlapping", Op: o, In: []graph.Arg{graph.Rand(1, 1, 5, 5), intArg(0, 8, 1, 1, 5, 5), graph.Rand(1, 1, 3, 3)}},
				{Name: "dropped", Op: o, In: []graph.Arg{graph.Rand(1, 2, 1, 3), graph.Given(tensor.Of([]int64{0, -1, 3, 5, -2, 7}, 1, 2, 1, 3)), graph.Rand(1, 2, 2, 2)}, NoGrad: "a dropped element has none"},
				{Name: "empty", Op: o, In: []graph.Arg{graph.Rand(0, 1, 2, 2), intArg(0, 8, 0, 1, 2, 2), graph.Rand(0, 1, 3, 3)}},
			}
		},
	}
}

// Infer gives the shape of x.
func (MaxPoolGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	if err := wantDType("the indices", in[1], tensor.Int64); err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], in[1].Shape); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[2].Shape...))
}

// Eval is the definition.
func (MaxPoolGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	shape := in[2].Shape()
	to := tensor.Ints(in[1])
	for _, k := range to {
		if k >= shape.Len() {
			return nil, fmt.Errorf("index %d is outside the %d elements of the input", k, shape.Len())
		}
	}
	return one(scatter(in[0], to, shape))
}

// Grad gathers: dg[i] = gg[indices[i]].
func (MaxPoolGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{Gather(Reshape(g[0], -1), in[1], 0), nil, nil}
}
