package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// TriluOp keeps the upper triangle of the last two axes, from the k-th diagonal
// on, or with Upper false the lower one up to it, and sets the rest to zero.
type TriluOp struct {
	Upper Opt[bool] `onnx:"upper" default:"1"`
}

// Trilu keeps the upper or lower triangle of the last two axes of x, with the main
// diagonal.
func Trilu(x *graph.Value, upper bool) *graph.Value {
	return apply1(TriluOp{Upper: Set(upper)}, x)
}

// Spec describes the operator.
func (o TriluOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Trilu", Since: 14, Formula: "y[i][j] = j - i ≥ k ? x[i][j] : 0", Source: standard,
		Inputs: []string{"input", "k?"}, Outputs: []string{"output"},
		Cases: func() []graph.Case {
			k := func(v int64) graph.Arg { return graph.Given(tensor.Scalar(v)) }
			return []graph.Case{
				{Op: TriluOp{}, In: []graph.Arg{graph.Rand(4, 5)}},
				{Name: "lower", Op: TriluOp{Upper: Set(false)}, In: []graph.Arg{graph.Rand(2, 5, 4)}},
				{Name: "above", Op: TriluOp{}, In: []graph.Arg{graph.Rand(4, 4), k(1)}},
				{Name: "lower below", Op: TriluOp{Upper: Set(false)}, In: []graph.Arg{graph.Rand(4, 4), k(-2)}},
				{Name: "int64", Op: TriluOp{}, In: []graph.Arg{intArg(-9, 9, 3, 3)}},
			}
		},
	}
}

// Infer keeps the type.
func (TriluOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 2); err != nil {
		return nil, err
	}
	if _, err := axisOf(1, in[0].Rank()); err != nil {
		return nil, err
	}
	if has(in, 1) {
		if err := wantScalar("k", in[1]); err != nil {
			return nil, err
		}
	}
	return oneType(in[0].With(in[0].Shape...))
}

// Eval is the definition.
func (o TriluOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	k := 0
	if t := arg(in, 1); t != nil {
		k = tensor.Ints(t)[0]
	}
	shape := in[0].Shape()
	from := make([]int, shape.Len())
	eachIndex(shape, func(flat int, idx []int) {
		d := idx[len(idx)-1] - idx[len(idx)-2]
		from[flat] = flat
		if o.Upper.Or(true) && d < k || !o.Upper.Or(true) && d > k {
			from[flat] = -1
		}
	})
	return one(pick(in[0], from, shape))
}

// Grad keeps the same triangle of g.
func (o TriluOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{apply1(o, append([]*graph.Value{g[0]}, in[1:]...)...), nil}[:len(in)]
}
