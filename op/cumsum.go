package op

import (
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// CumSumOp is the running sum along an axis, given as an input; Exclusive leaves
// the element itself out, Reverse runs from the end.
type CumSumOp struct {
	Exclusive bool `onnx:"exclusive"`
	Reverse   bool `onnx:"reverse"`
}

// CumSum is the running sum of x along an axis.
func CumSum(x *graph.Value, axis int) *graph.Value {
	at := x.Graph().Constant(tensor.Scalar(int64(axis)))
	return apply1(CumSumOp{}, x, at)
}

// Spec describes the operator.
func (o CumSumOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "CumSum", Since: 14, Formula: "y[i] = x[0] + … + x[i] along axis", Source: standard,
		Inputs: []string{"x", "axis"}, Outputs: []string{"y"}, ULP: 8,
		Cases: func() []graph.Case {
			axis := func(v int64) graph.Arg { return graph.Given(tensor.Scalar(v)) }
			return []graph.Case{
				{Op: CumSumOp{}, In: []graph.Arg{graph.Rand(3, 7), axis(1)}},
				{Name: "first axis", Op: CumSumOp{}, In: []graph.Arg{graph.Rand(3, 7), axis(0)}},
				{Name: "exclusive", Op: CumSumOp{Exclusive: true}, In: []graph.Arg{graph.Rand(3, 7), axis(-1)}},
				{Name: "reverse", Op: CumSumOp{Reverse: true}, In: []graph.Arg{graph.Rand(2, 5, 2), axis(1)}},
				{Name: "both", Op: CumSumOp{Exclusive: true, Reverse: true}, In: []graph.Arg{graph.Rand(5), axis(0)}},
				{Name: "int64", Op: CumSumOp{}, In: []graph.Arg{intArg(-9, 9, 2, 5), axis(1)}},
				{Name: "empty", Op: CumSumOp{}, In: []graph.Arg{graph.Rand(0, 5), axis(0)}},
			}
		},
	}
}

// Infer keeps the type.
func (CumSumOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	if err := wantScalar("the axis", in[1]); err != nil {
		return nil, err
	}
	if axis, ok := constInts(in[1]); ok && len(axis) == 1 {
		if _, err := axisOf(axis[0], in[0].Rank()); err != nil {
			return nil, err
		}
	}
	return oneType(in[0].With(in[0].Shape...))
}

// Eval is the definition.
func (o CumSumOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	axis := tensor.Ints(in[1])[0]
	if _, err := axisOf(axis, in[0].Rank()); err != nil {
		return nil, err
	}
	return one(alongAxis(in[0], axis, func(row []float64) {
		if o.Reverse {
			slices.Reverse(row)
		}
		sum := 0.0
		for i, v := range row {
			if o.Exclusive {
				row[i] = sum
			}
			sum += v
			if !o.Exclusive {
				row[i] = sum
			}
		}
		if o.Reverse {
			slices.Reverse(row)
		}
	}))
}

// Grad runs the other way.
func (o CumSumOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{apply1(CumSumOp{Exclusive: o.Exclusive, Reverse: !o.Reverse}, g[0], in[1]), nil}
}
