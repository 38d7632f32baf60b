package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ArgExtremum holds the attributes of ArgMax and ArgMin.
type ArgExtremum struct {
	Axis            int       `onnx:"axis"`
	KeepDims        Opt[bool] `onnx:"keepdims" default:"1"`
	SelectLastIndex bool      `onnx:"select_last_index"`
}

func (o ArgExtremum) infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	axis, err := axisOf(o.Axis, in[0].Rank())
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape[:axis].Clone()
	if o.KeepDims.Or(true) {
		shape = append(shape, graph.Known(1))
	}
	shape = append(shape, in[0].Shape[axis+1:]...)
	return oneType(graph.TensorOf(tensor.Int64, shape...))
}

func (o ArgExtremum) eval(x *tensor.Tensor, first func(t *tensor.Tensor, axis int, keepDims bool) *tensor.Tensor) ([]*tensor.Tensor, error) {
	keep := o.KeepDims.Or(true)
	if !o.SelectLastIndex {
		return one(first(x, o.Axis, keep))
	}
	axis, err := axisOf(o.Axis, x.Rank())
	if err != nil {
		return nil, err
	}
	const end = -1 << 62
	last := int64(x.Shape()[axis] - 1)
	return one(tensor.Sub(tensor.Scalar(last), first(x.Slice(axis, -1, end, -1), axis, keep)))
}

// argSpec describes ArgMax or ArgMin, made by f from the attributes.
func argSpec(f func(ArgExtremum) graph.Op, name, formula string) graph.Spec {
	return graph.Spec{
		Name: name, Since: 13, Formula: formula, Source: standard,
		Inputs: []string{"data"}, Outputs: []string{"reduced"},
		Cases: func() []graph.Case {
			small := intArg(0, 2, 4, 7) // has ties
			return []graph.Case{
				{Op: f(ArgExtremum{}), In: []graph.Arg{graph.Rand(5, 4)}},
				{Name: "last axis", Op: f(ArgExtremum{Axis: -1, KeepDims: Set(false)}), In: []graph.Arg{graph.Rand(9, 10)}},
				{Name: "middle axis", Op: f(ArgExtremum{Axis: 1}), In: []graph.Arg{graph.Rand(2, 5, 3)}},
				{Name: "ties", Op: f(ArgExtremum{Axis: 1}), In: []graph.Arg{small}},
				{Name: "last of ties", Op: f(ArgExtremum{Axis: 1, SelectLastIndex: true}), In: []graph.Arg{small}},
			}
		},
	}
}
