package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// RMSNormalizationOp divides x by the root of its mean square over the axes from
// Axis on, and scales it: ONNX's operator of opset 23. Files hold it by its parts.
type RMSNormalizationOp struct {
	Axis      Opt[int]     `onnx:"axis" default:"-1"`
	Epsilon   Opt[float64] `onnx:"epsilon" default:"1e-05"`
	StashType Opt[int]     `onnx:"stash_type" default:"1"` // the type that others compute the mean in
}

// RMSNormalization divides x by the root of its mean square over the axes from axis
// on, and scales it.
func RMSNormalization(x, scale *graph.Value, axis int, epsilon float64) *graph.Value {
	return apply1(RMSNormalizationOp{Axis: Set(axis), Epsilon: Set(epsilon)}, x, scale)
}

// Spec describes the operator.
func (o RMSNormalizationOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "RMSNormalization", Since: 23, Formula: "y = x/√(mean(x²) + ε)·scale over the last axes",
		Source: "Zhang, Sennrich, \"Root mean square layer normalization\", 2019",
		Inputs: []string{"X", "scale"}, Outputs: []string{"Y"}, ULP: 32,
		FLOPs: func(in, _ []graph.Type) int64 { return 4 * elements(in[0]) },
		Cases: func() []graph.Case {
			return append(rmsCases(func(o RMSNormalizationOp, in ...graph.Arg) (graph.Op, []graph.Arg) { return o, in[1:] }),
				graph.Case{Name: "one scale", Op: o, In: []graph.Arg{graph.Rand(3, 6), graph.RandIn(0.5, 2, 1)}})
		},
	}
}

// rmsCases are those of RMSNormalization and its gradient, made from a gradient, x
// and scale.
func rmsCases(of func(o RMSNormalizationOp, in ...graph.Arg) (graph.Op, []graph.Arg)) []graph.Case {
	var cases []graph.Case
	for _, c := range []struct {
		name  string
		o     RMSNormalizationOp
		x     []int
		scale []int
	}{
		{"", RMSNormalizationOp{}, []int{5, 9}, []int{9}},
		{"two axes", RMSNormalizationOp{Axis: Set(1), Epsilon: Set(0.1)}, []int{3, 4, 5}, []int{4, 5}},
		{"short", RMSNormalizationOp{}, []int{4, 2, 3}, []int{3}},
		{"large", RMSNormalizationOp{}, []int{150, 129}, []int{129}},
		{"no samples", RMSNormalizationOp{}, []int{0, 9}, []int{9}},
	} {
		x := graph.Rand(c.x...)
		o, in := of(c.o, x, x, graph.RandIn(0.5, 2, c.scale...))
		g := graph.Case{Name: c.name, Op: o, In: in}
		if c.name == "large" {
			g.NoGrad = large
		}
		cases = append(cases, g)
	}
	return cases
}

// Infer gives the type of x.
func (o RMSNormalizationOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 2, 2); err != nil {
		return nil, err
	}
	out, err := LayerNormalizationOp{Axis: o.Axis}.Infer(in)
	if err != nil {
		return nil, err
	}
	return out[:1], nil
}

// Eval is the definition.
func (o RMSNormalizationOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	inv, err := o.inverse(in[0])
	if err != nil {
		return nil, err
	}
	y := tensor.Mul(tensor.Mul(tensor.Cast(in[0], tensor.Float64), inv), tensor.Cast(in[1], tensor.Float64))
	return one(tensor.Cast(y, in[0].DType()))
}

// inverse is 1/√(mean(x²) + ε) in float64.
func (o RMSNormalizationOp) inverse(x *tensor.Tensor) (*tensor.Tensor, error) {
	axis, err := axisOf(o.Axis.Or(-1), x.Rank())
	if err != nil {
		return nil, err
	}
	x = tensor.Cast(x, tensor.Float64)
	mean := tensor.Mean(tensor.Mul(x, x), axesBetween(axis, x.Rank()), true)
	return mapFloat(mean, func(v float64) float64 { return 1 / math.Sqrt(v+o.Epsilon.Or(1e-5)) }), nil
}

// Parts is the formula.
func (o RMSNormalizationOp) Parts(in []*graph.Value) []*graph.Value {
	hat, _ := o.normalized(in[0])
	return []*graph.Value{Mul(hat, in[1])}
}

// normalized is x divided by the root of its mean square, and the inverse of that.
func (o RMSNormalizationOp) normalized(x *graph.Value) (hat, inv *graph.Value) {
	axis, _ := axisOf(o.Axis.Or(-1), x.Rank())
	mean := ReduceMean(Mul(x, x), axesBetween(axis, x.Rank()), true)
	inv = Reciprocal(Sqrt(Add(mean, Scalar(x, o.Epsilon.Or(1e-5)))))
	return Mul(x, inv), inv
}

// Grad is RMSNormalizationGrad, or that of the parts where the scale broadcasts.
func (o RMSNormalizationOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	axis, _ := axisOf(o.Axis.Or(-1), in[0].Rank())
	if in[1].Shape().Equal(in[0].Shape()[axis:]) {
		return apply(RMSNormalizationGradOp(o), g[0], in[0], in[1])
	}
	return gradByParts(in, g, o.Parts)
}
