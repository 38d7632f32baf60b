package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// LogSoftmaxOp is y = x - ln Σ eˣ along one axis, computed from x - max(x).
type LogSoftmaxOp struct {
	Axis Opt[int] `onnx:"axis" default:"-1"`
}

// LogSoftmax is x - ln Σ eˣ along the axis.
func LogSoftmax(x *graph.Value, axis int) *graph.Value {
	return apply1(LogSoftmaxOp{Axis: Set(axis)}, x)
}

// Spec describes the operator.
func (o LogSoftmaxOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "LogSoftmax", Since: 13, Formula: "y = x - ln Σ e^x along axis", Source: standard,
		Inputs: []string{"x"}, Outputs: []string{"y"}, ULP: 8,
		Cases: func() []graph.Case {
			return softmaxCases(LogSoftmaxOp{}, LogSoftmaxOp{Axis: Set(0)}, LogSoftmaxOp{Axis: Set(1)})
		},
		FLOPs: func(in, _ []graph.Type) int64 { return 4 * elements(in[0]) },
	}
}

// Upgrade accepts the form before opset 13 where it means the same.
func (LogSoftmaxOp) Upgrade(n *OldNode) error { return n.oneAxisOnly() }

// Infer keeps the type.
func (o LogSoftmaxOp) Infer(in []graph.Type) ([]graph.Type, error) {
	return SoftmaxOp(o).Infer(in)
}

// Eval is the definition.
func (o LogSoftmaxOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(alongAxis(in[0], o.Axis.Or(-1), func(row []float64) {
		top, sum := math.Inf(-1), 0.0
		for _, v := range row {
			top = max(top, v)
		}
		for _, v := range row {
			sum += math.Exp(v - top)
		}
		log := math.Log(sum)
		for i, v := range row {
			row[i] = v - top - log
		}
	}))
}

// Grad is LogSoftmaxGrad.
func (o LogSoftmaxOp) Grad(_, out, g []*graph.Value) []*graph.Value {
	return apply(LogSoftmaxGradOp(o), g[0], out[0])
}
