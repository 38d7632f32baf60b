package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// PadGradOp is the transpose of Pad: each element of g is added to the element of
// x that Pad took it from. Of x only the shape matters.
type PadGradOp struct {
	Mode string `onnx:"mode" default:"constant"`
}

// Spec describes the operator.
func (o PadGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "PadGrad", Domain: ember, Formula: "dx = Σ g over the copies of each element", Source: "the transpose of Pad",
		Inputs: []string{"g", "x", "pads", "axes?"}, Outputs: []string{"dx"}, TypeOnly: []int{1}, ULP: 8,
		Cases: func() []graph.Case {
			cases := []graph.Case{
				{Name: "crop", Op: PadGradOp{}, In: []graph.Arg{graph.Rand(3, 4), graph.Rand(4, 5), intsArg(-1, 1, 0, -2)}},
				{Name: "axes", Op: PadGradOp{}, In: []graph.Arg{graph.Rand(2, 3, 7), graph.Rand(2, 3, 4), intsArg(1, 2), intsArg(-1)}},
			}
			for _, mode := range padModes {
				cases = append(cases, graph.Case{Name: mode, Op: PadGradOp{Mode: mode}, In: []graph.Arg{graph.Rand(6, 8), graph.Rand(3, 4), intsArg(2, 1, 1, 3)}})
			}
			return cases
		},
	}
}

// Infer gives the shape of x.
func (o PadGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 3, 4); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	pad := []graph.Type{in[1], in[2], {}, {}}
	copy(pad[3:], in[3:])
	want, err := PadOp(o).Infer(pad)
	if err != nil {
		return nil, err
	}
	if err := wantShape("the gradient", in[0], want[0].Shape); err != nil {
		return nil, err
	}
	return oneType(in[0].With(in[1].Shape...))
}

// Eval is the definition.
func (o PadGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	to, _, err := PadOp(o).sources(in[1].Shape(), in[2], arg(in, 3))
	if err != nil {
		return nil, err
	}
	return one(scatter(in[0], to, in[1].Shape()))
}

// Grad pads: dg = Pad(gg).
func (o PadGradOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	d := make([]*graph.Value, len(in))
	d[0] = apply1(PadOp(o), g[0], in[2], nil, optional(in, 3))
	return d
}
