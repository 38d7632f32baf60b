package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ArgMaxOp is the index of the largest element along an axis: the first such, or
// with SelectLastIndex the last.
type ArgMaxOp ArgExtremum

// ArgMax is the int64 index of the first largest element along an axis; with keepDims
// that axis stays with extent 1.
func ArgMax(x *graph.Value, axis int, keepDims bool) *graph.Value {
	return apply1(ArgMaxOp{Axis: axis, KeepDims: Set(keepDims)}, x)
}

// Spec describes the operator.
func (o ArgMaxOp) Spec() graph.Spec {
	return argSpec(func(a ArgExtremum) graph.Op { return ArgMaxOp(a) }, "ArgMax", "y = argmax x along axis")
}

// Infer drops the axis or gives it extent 1.
func (o ArgMaxOp) Infer(in []graph.Type) ([]graph.Type, error) { return ArgExtremum(o).infer(in) }

// Eval is the definition.
func (o ArgMaxOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return ArgExtremum(o).eval(in[0], tensor.ArgMax)
}
