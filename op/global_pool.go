package op

import (
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// globalPool is what the global poolings share: x is [N, C, …], the result
// [N, C, 1, …].
type globalPool struct{}

func (globalPool) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := expect(in, 1, 1); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	if err := wantSpatial(in[0]); err != nil {
		return nil, err
	}
	shape := in[0].Shape.Clone()
	for i := range shape[2:] {
		shape[2+i] = graph.Known(1)
	}
	return oneType(in[0].With(shape...))
}

// spatialAxes are the axes from the third on.
func spatialAxes(rank int) []int {
	axes := []int{}
	for a := 2; a < rank; a++ {
		axes = append(axes, a)
	}
	return axes
}

func globalSpec(o graph.Op, name, formula string) graph.Spec {
	return graph.Spec{
		Name: name, Since: 1, Formula: formula, Source: standard,
		Inputs: []string{"X"}, Outputs: []string{"Y"}, ULP: 8,
		FLOPs: func(in, _ []graph.Type) int64 { return elements(in[0]) },
		Cases: func() []graph.Case {
			return []graph.Case{
				{Op: o, In: []graph.Arg{graph.Rand(2, 3, 4, 5)}},
				{Name: "one axis", Op: o, In: []graph.Arg{graph.Rand(2, 3, 7)}},
				{Name: "one element", Op: o, In: []graph.Arg{graph.Rand(2, 3, 1, 1)}},
				{Name: "no samples", Op: o, In: []graph.Arg{graph.Rand(0, 3, 4, 5)}},
			}
		},
	}
}

// GlobalAveragePoolOp is the mean of each channel over its spatial axes.
type GlobalAveragePoolOp struct{ globalPool }

// GlobalAveragePool is the mean of each channel of x over its spatial axes, which
// stay with extent 1.
func GlobalAveragePool(x *graph.Value) *graph.Value { return apply1(GlobalAveragePoolOp{}, x) }

// Spec describes the operator.
func (o GlobalAveragePoolOp) Spec() graph.Spec {
	return globalSpec(o, "GlobalAveragePool", "y[n,c] = mean x[n,c,…]")
}

// Eval is the definition.
func (GlobalAveragePoolOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(tensor.Mean(in[0], spatialAxes(in[0].Rank()), true))
}

// Grad is dX = g/n, n being the number of elements of a channel.
func (GlobalAveragePoolOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	return []*graph.Value{ExpandLike(Div(g[0], countPerElement(in[0], out[0])), in[0])}
}

// countPerElement is how many elements of x were reduced to one of y, as a scalar
// of their element type.
func countPerElement(x, y *graph.Value) *graph.Value {
	return Div(Cast(Size(x), x.DType()), Cast(Size(y), x.DType()))
}

// GlobalMaxPoolOp is the largest element of each channel over its spatial axes.
type GlobalMaxPoolOp struct{ globalPool }

// GlobalMaxPool is the largest element of each channel of x over its spatial axes,
// which stay with extent 1.
func GlobalMaxPool(x *graph.Value) *graph.Value { return apply1(GlobalMaxPoolOp{}, x) }

// Spec describes the operator.
func (o GlobalMaxPoolOp) Spec() graph.Spec {
	return globalSpec(o, "GlobalMaxPool", "y[n,c] = max x[n,c,…]")
}

// Eval is the definition.
func (GlobalMaxPoolOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return one(extremes(tensor.Max, math.Inf(-1))(in[0], spatialAxes(in[0].Rank()), true))
}

// Grad gives g to the largest element; where several are, each gets an equal
// share.
func (GlobalMaxPoolOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	axes := Ints(in[0], spatialAxes(in[0].Rank())...)
	return Reduction{}.shareExtremum([]*graph.Value{in[0], axes}, out, g)
}
