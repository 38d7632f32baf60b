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
	known := true
	for _, t := range in {
		if !t.Shape.Len().Is(1) {
			return nil, fmt.Errorf("start, limit and delta must be scalars, but a shape is %v", t.Shape)
		}
		known = known && t.Const != nil
	}
	if known {
		y, err := o.values(in[0].Const, in[1].Const, in[2].Const)
		if err != nil {
			return nil, err
		}
		out := graph.TypeOf(y)
		if y.Len() <= maxKnown {
			out.Const = y
		}
		return oneType(out)
	}
	start, okStart := constInts(in[0])
	delta, okDelta := constInts(in[2])
	limit, okLimit := intsOf(in[1])
	if !okStart || !okDelta || !okLimit || start[0] != 0 || delta[0] != 1 {
		return nil, fmt.Errorf("the length of the range must be known while the graph is built")
	}
	return oneType(in[0].With(limit[0]))
}

func (RangeOp) values(start, limit, delta *tensor.Tensor) (*tensor.Tensor, error) {
	from, to, step := tensor.Float64s(start)[0], tensor.Float64s(limit)[0], tensor.Float64s(delta)[0]
	if step == 0 {
		return nil, fmt.Errorf("delta is 0")
	}
	n := max(0, int(math.Ceil((to-from)/step)))
	y := make([]float64, n)
	for i := range y {
		y[i] = from + float64(i)*step
	}
	return ofFloats(start.DType(), y, tensor.Shape{n}), nil
}

// Eval is the definition.
func (o RangeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	y, err := o.values(in[0], in[1], in[2])
	if err != nil {
		return nil, err
	}
	return one(y)
}
