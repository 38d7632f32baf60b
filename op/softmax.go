package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SoftmaxOp is y = eˣ / Σ eˣ along one axis, computed from x - max(x).
type SoftmaxOp struct {
	Axis Opt[int] `onnx:"axis" default:"-1"`
}

// Softmax is eˣ / Σ eˣ along the axis.
func Softmax(x *graph.Value, axis int) *graph.Value {
	return apply1(SoftmaxOp{Axis: Set(axis)}, x)
}

// Spec describes the operator.
func (o SoftmaxOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Softmax", Since: 13, Formula: "y = e^x / Σ e^x along axis", Source: standard,
		Inputs: []string{"x"}, Outputs: []string{"y"}, ULP: 8,
		Cases: func() []graph.Case {
			return softmaxCases(SoftmaxOp{}, SoftmaxOp{Axis: Set(0)}, SoftmaxOp{Axis: Set(1)})
		},
		FLOPs: func(in, _ []graph.Type) int64 { return 4 * elements(in[0]) },
	}
}

// softmaxCases are those of Softmax and LogSoftmax for three axes.
func softmaxCases(last, first, middle graph.Op) []graph.Case {
	return []graph.Case{
		{Op: last, In: []graph.Arg{graph.RandIn(-3, 3, 5, 10)}},
		{Name: "first axis", Op: first, In: []graph.Arg{graph.RandIn(-3, 3, 4, 3)}},
		{Name: "middle axis", Op: middle, In: []graph.Arg{graph.RandIn(-3, 3, 2, 5, 3)}},
		{Name: "large values", Op: last, In: []graph.Arg{graph.RandIn(-300, 300, 3, 7)}, NoGrad: "it saturates"},
		{Name: "one class", Op: last, In: []graph.Arg{graph.Rand(4, 1)}},
		{Name: "long", Op: last, In: []graph.Arg{graph.RandIn(-3, 3, 2, 133)}},
		{Name: "empty", Op: last, In: []graph.Arg{graph.Rand(0, 10)}},
		{Name: "large", Op: last, In: []graph.Arg{graph.RandIn(-3, 3, 300, 129)}, NoGrad: large},
		{Name: "float64", Op: last, In: []graph.Arg{{DType: tensor.Float64, Shape: []int{3, 4}}}},
	}
}

// Upgrade accepts the form before opset 13 where it means the same.
func (SoftmaxOp) Upgrade(n *OldNode) error { return n.oneAxisOnly() }

// Infer keeps the type.
func (o SoftmaxOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if _, err := (floatUnary{}).Infer(in); err != nil {
		return nil, err
	}
	if _, err := axisOf(o.Axis.Or(-1), in[0].Rank()); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[0].Shape...))
}

// Eval is the definition.
func (o SoftmaxOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(alongAxis(in[0], o.Axis.Or(-1), func(row []float64) {
		top, sum := math.Inf(-1), 0.0
		for _, v := range row {
			top = max(top, v)
		}
		for i, v := range row {
			row[i] = math.Exp(v - top)
			sum += row[i]
		}
		for i := range row {
			row[i] /= sum
		}
	}))
}

// alongAxis is x after f has replaced each row along the axis in float64.
func alongAxis(x *tensor.Tensor, axis int, f func(row []float64)) *tensor.Tensor {
	shape := x.Shape()
	axis, _ = axisOf(axis, len(shape))
	y := tensor.Float64s(x)
	n, inner := shape[axis], shape[axis+1:].Len()
	row := make([]float64, n)
	for first := range len(y) / max(n, 1) {
		at := first/inner*n*inner + first%inner
		for i := range row {
			row[i] = y[at+i*inner]
		}
		f(row)
		for i, v := range row {
			y[at+i*inner] = v
		}
	}
	return ofFloats(x.DType(), y, shape)
}

// Grad is SoftmaxGrad.
func (o SoftmaxOp) Grad(_, out, g []*graph.Value) []*graph.Value {
	return apply(SoftmaxGradOp(o), g[0], out[0])
}
