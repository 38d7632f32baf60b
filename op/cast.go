package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// CastOp converts the elements to another type as [tensor.Cast] does.
type CastOp struct {
	To tensor.DType `onnx:"to"`
}

// Cast is x with elements of type dt; x itself if it has them.
func Cast(x *graph.Value, dt tensor.DType) *graph.Value {
	if x.DType() == dt {
		return x
	}
	return apply1(CastOp{To: dt}, x)
}

// Spec describes the operator.
func (o CastOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Cast", Since: 19, Formula: "y = x as elements of type to", Source: standard,
		Inputs: []string{"x"}, Outputs: []string{"y"},
		Cases: func() []graph.Case {
			return []graph.Case{
				{Name: "to float64", Op: CastOp{To: tensor.Float64}, In: []graph.Arg{graph.Rand(3, 5)}},
				{Name: "to float32", Op: CastOp{To: tensor.Float32}, In: []graph.Arg{{DType: tensor.Float64, Shape: []int{3, 5}}}, NoGrad: "it rounds"},
				{Name: "to int64", Op: CastOp{To: tensor.Int64}, In: []graph.Arg{graph.RandIn(-9, 9, 3, 5)}},
				{Name: "from int64", Op: CastOp{To: tensor.Float32}, In: []graph.Arg{intArg(-9, 9, 3, 5)}},
				{Name: "from bool", Op: CastOp{To: tensor.Float32}, In: []graph.Arg{boolArg(3, 5)}},
				{Name: "large", Op: CastOp{To: tensor.Float32}, In: []graph.Arg{{DType: tensor.Uint8, Hi: 255, Shape: []int{257, 129}}}},
				{Name: "to bool", Op: CastOp{To: tensor.Bool}, In: []graph.Arg{intArg(-1, 1, 3, 5)}},
				{Name: "to float16", Op: CastOp{To: tensor.Float16}, In: []graph.Arg{graph.Rand(3, 5)}, NoGrad: "it rounds"},
				{Name: "from uint8", Op: CastOp{To: tensor.Float32}, In: []graph.Arg{{DType: tensor.Uint8, Hi: 255, Shape: []int{3, 5}}}},
			}
		},
	}
}

// Infer also follows known values.
func (o CastOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	if o.To == tensor.Invalid {
		return nil, fmt.Errorf("the element type to cast to is not set")
	}
	out := in[0].Cast(o.To)
	if in[0].Const == nil {
		if dims, ok := intsOf(in[0]); ok {
			out = withValue(out, dims)
		}
		return oneType(out)
	}
	return fold(o, in, []graph.Type{out}), nil
}

// Eval is the definition.
func (o CastOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if in[0].DType() == tensor.String && o.To != tensor.String {
		y, err := tensor.Parse(in[0], o.To)
		if err != nil {
			return nil, err
		}
		return one(y)
	}
	return one(tensor.Cast(in[0], o.To))
}

// Grad casts back; there is none through integers.
func (o CastOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	if !in[0].Type().IsFloat() {
		return []*graph.Value{nil}
	}
	return []*graph.Value{Cast(g[0], in[0].DType())}
}
