package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ConstantOfShapeOp is a tensor of the given shape whose every element is Value,
// a tensor of one element; without Value, the float32 zero.
type ConstantOfShapeOp struct {
	Value *tensor.Tensor `onnx:"value" default:"float32 0"`
}

// ConstantOfShape is a tensor of the shape, an int64 vector, whose every element
// is that of value.
func ConstantOfShape(shape *graph.Value, value *tensor.Tensor) *graph.Value {
	return apply1(ConstantOfShapeOp{Value: value}, shape)
}

// Spec describes the operator.
func (o ConstantOfShapeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "ConstantOfShape", Since: 21, Formula: "y = value everywhere", Source: standard,
		Inputs: []string{"input"}, Outputs: []string{"output"},
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: ConstantOfShapeOp{}, In: []graph.Arg{intsArg(2, 3)}},
				{Name: "int64", Op: ConstantOfShapeOp{Value: tensor.Of([]int64{7})}, In: []graph.Arg{intsArg(4)}},
				{Name: "scalar", Op: ConstantOfShapeOp{Value: tensor.Of([]float32{2})}, In: []graph.Arg{intsArg()}},
			}
		},
	}
}

// element is the value as a scalar.
func (o ConstantOfShapeOp) element() *tensor.Tensor {
	if o.Value == nil {
		return tensor.Scalar[float32](0)
	}
	return o.Value.Reshape(tensor.Shape{}...)
}

// Infer needs the shape to be known, up to symbols.
func (o ConstantOfShapeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	if o.Value != nil && o.Value.Len() != 1 {
		return nil, fmt.Errorf("the value has %d elements, not 1", o.Value.Len())
	}
	shape, err := extentsOf(in[0])
	if err != nil {
		return nil, err
	}
	return fold(o, in, []graph.Type{graph.TensorOf(o.element().DType(), shape...)}), nil
}

// Eval is the definition.
func (o ConstantOfShapeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(o.element().BroadcastTo(tensor.Ints(in[0])))
}
