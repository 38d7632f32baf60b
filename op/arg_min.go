package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ArgMinOp is the index of the smallest element along an axis: the first such, or
// with SelectLastIndex the last.
type ArgMinOp ArgExtremum

// ArgMin is the int64 index of the first smallest element along an axis; with keepDims
// that axis stays with extent 1.
func ArgMin(x *graph.Value, axis int, keepDims bool) *graph.Value {
	return apply1(ArgMinOp{Axis: axis, KeepDims: Set(keepDims)}, x)
}

// Spec describes the operator.
func (o ArgMinOp) Spec() graph.Spec {
	return argSpec(func(a ArgExtremum) graph.Op { return ArgMinOp(a) }, "ArgMin", "y = argmin x along axis")
}

// Infer drops the axis or gives it extent 1.
func (o ArgMinOp) Infer(in []graph.Type) ([]graph.Type, error) { return ArgExtremum(o).infer(in) }

// Eval is the definition.
func (o ArgMinOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return ArgExtremum(o).eval(in[0], tensor.ArgMin)
}
