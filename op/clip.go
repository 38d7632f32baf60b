package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ClipOp is y = min(max(x, min), max), elementwise; a bound that is left out
// does not bound. Bounds are scalars of x's element type.
type ClipOp struct{}

// Clip is min(max(x, lo), hi) for constant bounds.
func Clip(x *graph.Value, lo, hi float64) *graph.Value {
	return apply1(ClipOp{}, x, Scalar(x, lo), Scalar(x, hi))
}

// Spec describes the operator.
func (o ClipOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Clip", Since: 13, Formula: "y = min(max(x, min), max)", Source: standard,
		Inputs: []string{"x", "min?", "max?"}, Outputs: []string{"y"},
		Cases: func() []graph.Case {
			lo, hi := graph.RandIn(-0.5, -0.4), graph.RandIn(0.4, 0.5)
			x := graph.Arg{Shape: []int{3, 37}}
			return []graph.Case{
				{Op: o, In: []graph.Arg{x, lo, hi}},
				{Name: "lower bound", Op: o, In: []graph.Arg{x, lo}},
				{Name: "upper bound", Op: o, In: []graph.Arg{x, {Omitted: true}, hi}},
				{Name: "int32", Op: o, In: []graph.Arg{
					{DType: tensor.Int32, Lo: -9, Hi: 9, Shape: []int{3, 4}},
					graph.Given(tensor.Scalar[int32](-2)), graph.Given(tensor.Scalar[int32](3)),
				}},
			}
		},
	}
}

// Upgrade makes the bounds inputs, which they are since opset 11.
func (ClipOp) Upgrade(n *OldNode) error { return n.toInputs("min", "max") }

// Infer keeps the type of x.
func (ClipOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 3); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	if err := wantNumber(in[0]); err != nil {
		return nil, err
	}
	for i := 1; i < len(in); i++ {
		if !in[i].Present() {
			continue
		}
		if err := wantScalar("a bound", in[i]); err != nil {
			return nil, err
		}
	}
	return oneType(in[0].With(in[0].Shape...))
}

// Eval is the definition.
func (ClipOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	y := in[0]
	if lo := arg(in, 1); lo != nil {
		y = tensor.Maximum(y, lo.Reshape(tensor.Shape{}...))
	}
	if hi := arg(in, 2); hi != nil {
		y = tensor.Minimum(y, hi.Reshape(tensor.Shape{}...))
	}
	return one(y)
}

// Grad gives g to x where it lies within the bounds, else to the bound.
func (ClipOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	x, zero := in[0], Scalar(g[0], 0)
	dx := g[0]
	d := make([]*graph.Value, len(in))
	bound := func(i int, outside func(a, b *graph.Value) *graph.Value) {
		b := optional(in, i)
		if b == nil {
			return
		}
		out := outside(x, b)
		if needsGrad(b) {
			d[i] = SumLike(Where(out, dx, zero), b)
		}
		dx = Where(out, zero, dx)
	}
	bound(2, Greater)
	bound(1, Less)
	d[0] = dx
	return d
}
