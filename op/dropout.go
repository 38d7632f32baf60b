package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// DropoutOp is ONNX's dropout in inference: the identity, and a mask of all true.
// Dropout in training is made of [RandomUniformOp] and Where.
type DropoutOp struct {
	Seed int `onnx:"seed"` // without meaning in inference
}

// Dropout is x, marked as the place of a dropout of the ratio.
func Dropout(x *graph.Value, ratio float64) *graph.Value {
	return apply(DropoutOp{}, x, Scalar(x, ratio))[0]
}

// Spec describes the operator.
func (o DropoutOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Dropout", Since: 13, Formula: "y = x",
		Source: "Srivastava and others, \"Dropout\", 2014; inference only",
		Inputs: []string{"data", "ratio?", "training_mode?"}, Outputs: []string{"output", "mask?"},
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{graph.Rand(3, 4)}},
				{Name: "ratio", Op: o, In: []graph.Arg{graph.Rand(3, 4), graph.Given(tensor.Scalar[float32](0.5))}, NoGrad: "the given ratio is float32"},
			}
		},
	}
}

// Upgrade makes the ratio an input, which it is since opset 12.
func (DropoutOp) Upgrade(n *OldNode) error {
	delete(n.Attributes, "is_test") // of opset 6; inference is what Ember does
	return n.toInput("ratio", 1)
}

// Infer keeps the type.
func (DropoutOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 3); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	if has(in, 2) && (in[2].Const == nil || tensor.Cast(in[2].Const, tensor.Float64).Float64At() != 0) {
		return nil, fmt.Errorf("training_mode must be the constant false: export the model for inference")
	}
	return []graph.Type{in[0].With(in[0].Shape...), in[0].Cast(tensor.Bool)}, nil
}

// Eval is the definition.
func (DropoutOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return []*tensor.Tensor{in[0].Contiguous(), tensor.Full(true, in[0].Shape()...)}, nil
}

// Grad is dx = g.
func (DropoutOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	d := make([]*graph.Value, len(in))
	d[0] = g[0]
	return d
}
