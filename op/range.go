package op

import (
	"fmt"
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// RangeOp is the vector start, start+delta, … up to but not including limit. Its
// inputs are scalars that must be known while the graph is built; 0, N, 1 may have
// a symbolic N.
type RangeOp struct{}

// Range is the int64 vector 0, 1, … n-1 for a scalar or one-element vector n.
func Range(n *graph.Value) *graph.Value {
	n = Reshape(n, []int{}...)
	return apply1(RangeOp{}, Scalar(n, 0), n, Scalar(n, 1))
}

// Spec describes the operator.
func (o RangeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Range", Since: 11, Formula: "y[i] = start + i·delta, below limit", Source: standard,
		Inputs: []string{"start", "limit", "delta"}, Outputs: []string{"output"},
		Cases: func() []graph.Case {
			i := func(v int64) graph.Arg { return graph.Given(tensor.Scalar(v)) }
			return []graph.Case{
				{Op: o, In: []graph.Arg{i(3), i(10), i(2)}},
				{Name: "downward", Op: o, In: []graph.Arg{i(10), i(4), i(-3)}},
				{Name: "nothing", Op: o, In: []graph.Arg{i(3), i(3), i(1)}},
			}
		},
	}
}

// Infer needs the length to be known, up to a symbol.
func (o RangeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 3); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	known := true
	for _, t := range in {
		if !t.Shape.Len().Is(1) {
			return nil, fmt.Errorf("start, limit and delta must be scalars, but a shape is %v", t.Shape)
		}
		known = known && t.Const != nil
	}
	if known {
		n, err := o.length(in[0].Const, in[1].Const, in[2].Const)
		if err != nil {
			return nil, err
		}
		return fold(o, in, []graph.Type{in[0].With(graph.Known(n))}), nil
	}
	start, okStart := constInts(in[0])
	delta, okDelta := constInts(in[2])
	limit, okLimit := intsOf(in[1])
	if !okStart || !okDelta || !okLimit || start[0] != 0 || delta[0] != 1 {
		return nil, fmt.Errorf("the length of the range must be known while the graph is built")
	}
	return oneType(in[0].With(limit[0]))
}

// length is how many numbers the range has.
func (RangeOp) length(start, limit, delta *tensor.Tensor) (int, error) {
	from, to, step := tensor.Float64s(start)[0], tensor.Float64s(limit)[0], tensor.Float64s(delta)[0]
	n := math.Ceil((to - from) / step)
	if !(n < 1<<53) { // NaN too
		return 0, fmt.Errorf("a range from %v to %v by %v does not end", from, to, step)
	}
	return max(0, int(n)), nil
}

// Eval is the definition.
func (o RangeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	n, err := o.length(in[0], in[1], in[2])
	if err != nil {
		return nil, err
	}
	from, step := tensor.Float64s(in[0])[0], tensor.Float64s(in[2])[0]
	y := make([]float64, n)
	for i := range y {
		y[i] = from + float64(i)*step
	}
	return one(ofFloats(in[0].DType(), y, tensor.Shape{n}))
}
