package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// SplitOp cuts its input along an axis into parts of the given sizes, or into
// NumOutputs parts of equal size, of which the last may be smaller.
type SplitOp struct {
	Axis       int `onnx:"axis"`
	NumOutputs int `onnx:"num_outputs"`
}

// Split cuts x along an axis into parts of the given sizes.
func Split(x *graph.Value, axis int, sizes ...int) []*graph.Value {
	return apply(SplitOp{Axis: axis}, x, Ints(x, sizes...))
}

// Spec describes the operator.
func (o SplitOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Split", Since: 18, Formula: "x = y₁ ‖ y₂ ‖ … along axis", Source: standard,
		Inputs: []string{"input", "split?"}, Outputs: []string{"outputs..."},
		FLOPs: noFLOPs,
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: SplitOp{}, In: []graph.Arg{graph.Rand(6, 3), intsArg(1, 2, 3)}},
				{Name: "last axis", Op: SplitOp{Axis: -1}, In: []graph.Arg{graph.Rand(2, 7), intsArg(4, 3)}},
				{Name: "equal parts", Op: SplitOp{Axis: 1, NumOutputs: 2}, In: []graph.Arg{graph.Rand(2, 6, 2)}},
				{Name: "smaller last part", Op: SplitOp{NumOutputs: 3}, In: []graph.Arg{graph.Rand(7, 2)}},
				{Name: "empty part", Op: SplitOp{}, In: []graph.Arg{graph.Rand(3, 2), intsArg(3, 0)}},
			}
		},
	}
}

// sizes are the extents of the parts of an axis of extent n.
func (o SplitOp) sizes(given []graph.Dim, n graph.Dim) ([]graph.Dim, error) {
	if given != nil {
		sum := graph.Known(0)
		for _, d := range given {
			if k, ok := d.Size(); ok && k < 0 {
				return nil, fmt.Errorf("a part has the negative size %d", k)
			}
			sum = sum.Add(d)
		}
		if differ(sum, n) {
			return nil, fmt.Errorf("parts of the sizes %v make %v, but the axis has extent %v", given, sum, n)
		}
		return given, nil
	}
	if o.NumOutputs <= 0 {
		return nil, fmt.Errorf("needs the sizes of the parts or their number num_outputs")
	}
	k, known := n.Size()
	if !known {
		return nil, fmt.Errorf("an axis of unknown extent %v needs the sizes of its parts", n)
	}
	part := (k + o.NumOutputs - 1) / o.NumOutputs
	out := make([]graph.Dim, o.NumOutputs)
	for i := range out {
		out[i] = graph.Known(max(0, min(part, k-i*part)))
	}
	return out, nil
}

// Upgrade makes the sizes an input, which they are since opset 13; without them
// the number of parts was that of the outputs until opset 18.
func (SplitOp) Upgrade(n *OldNode) error {
	if err := n.toInput("split", 1); err != nil {
		return err
	}
	if len(n.In) == 1 {
		n.Attributes["num_outputs"] = int64(n.Outputs)
	}
	return nil
}

// Infer gives one type per part.
func (o SplitOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 2); err != nil {
		return nil, err
	}
	axis, err := axisOf(o.Axis, in[0].Rank())
	if err != nil {
		return nil, err
	}
	var given []graph.Dim
	if has(in, 1) {
		var ok bool
		if given, ok = intsOf(in[1]); !ok {
			return nil, fmt.Errorf("the sizes of the parts must be known while the graph is built")
		}
	}
	sizes, err := o.sizes(given, in[0].Shape[axis])
	if err != nil {
		return nil, err
	}
	out := make([]graph.Type, len(sizes))
	for i, d := range sizes {
		shape := in[0].Shape.Clone()
		shape[axis] = d
		out[i] = in[0].With(shape...)
	}
	return out, nil
}

// Eval is the definition.
func (o SplitOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	axis, err := axisOf(o.Axis, in[0].Rank())
	if err != nil {
		return nil, err
	}
	var given []graph.Dim
	if split := arg(in, 1); split != nil {
		given = graph.Dims(tensor.Ints(split)...)
	}
	sizes, err := o.sizes(given, graph.Known(in[0].Shape()[axis]))
	if err != nil {
		return nil, err
	}
	var out []*tensor.Tensor
	at := 0
	for _, d := range sizes {
		n, _ := d.Size()
		out = append(out, in[0].Slice(axis, at, at+n, 1).Contiguous())
		at += n
	}
	return out, nil
}

// Grad joins the gradients of the parts.
func (o SplitOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	parts := make([]*graph.Value, len(g))
	for i, d := range g {
		if d == nil {
			d = Filled(out[i], 0)
		}
		parts[i] = d
	}
	return []*graph.Value{Concat(o.Axis, parts...), nil}[:len(in)]
}
