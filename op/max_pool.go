package op

import (
	"fmt"
	"math"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// MaxPoolOp is the largest element under a window that moves over the spatial axes
// of x, [N, C, …], and the int64 index of that element in all of x; of equal ones
// the first. NaN counts as the largest, padding never; a window over padding alone
// gives -∞ at index -1.
type MaxPoolOp struct {
	KernelShape  graph.Ints `onnx:"kernel_shape"`
	Strides      graph.Ints `onnx:"strides" default:"1 along each axis"`
	Pads         graph.Ints `onnx:"pads" default:"0 before and after each axis"`
	Dilations    graph.Ints `onnx:"dilations" default:"1 along each axis"`
	CeilMode     bool       `onnx:"ceil_mode"`
	AutoPad      string     `onnx:"auto_pad" default:"NOTSET"`
	StorageOrder int        `onnx:"storage_order"`
}

// MaxPool is the largest element under a moving window.
func MaxPool(x *graph.Value, attrs MaxPoolOp) *graph.Value { return apply1(attrs, x) }

// Spec describes the operator.
func (o MaxPoolOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "MaxPool", Since: 12, Formula: "y[n,c,p] = max x[n,c,p·stride-pad+k·dilation]", Source: standard,
		Inputs: []string{"X"}, Outputs: []string{"Y", "Indices?"},
		Cases: func() []graph.Case {
			var cases []graph.Case
			for _, c := range poolCases() {
				o := MaxPoolOp{KernelShape: c.kernel, Strides: c.strides, Pads: c.pads, Dilations: c.dilations, CeilMode: c.ceil, AutoPad: c.autoPad}
				cases = append(cases, graph.Case{Name: c.name, Op: o, In: []graph.Arg{graph.Rand(c.x...)}})
			}
			apart := MaxPoolOp{KernelShape: graph.MakeInts(2, 3), Strides: graph.MakeInts(1, 3), Dilations: graph.MakeInts(3, 3), AutoPad: "SAME_LOWER"}
			nan := float32(math.NaN())
			cases = append(cases,
				graph.Case{Name: "padding alone", Op: apart, In: []graph.Arg{graph.Rand(1, 2, 1, 6)}, NoGrad: "it is infinite"},
				graph.Case{Name: "NaN", Op: MaxPoolOp{KernelShape: graph.MakeInts(3)}, In: []graph.Arg{graph.Given(tensor.Of([]float32{1, nan, 2, nan, nan, 3}, 1, 1, 6))}, NoGrad: "NaN has none"})
			return append(cases, graph.Case{Name: "large", Op: MaxPoolOp{KernelShape: graph.MakeInts(2, 2), Strides: graph.MakeInts(2, 2)}, In: []graph.Arg{graph.Rand(6, 8, 24, 24)}, NoGrad: large})
		},
		FLOPs: func(in, _ []graph.Type) int64 { return elements(in[0]) },
	}
}

func (o MaxPoolOp) pool() pool {
	return pool{window{strides: o.Strides, pads: o.Pads, dilations: o.Dilations, autoPad: o.AutoPad, ceil: o.CeilMode}, o.KernelShape}
}

// Infer gives the result and the indices, both [N, C, …].
func (o MaxPoolOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if o.StorageOrder != 0 {
		return nil, fmt.Errorf("storage_order is %d: only row-major indices (0) are supported", o.StorageOrder)
	}
	y, err := o.pool().infer(in)
	if err != nil {
		return nil, err
	}
	return []graph.Type{y, y.Cast(tensor.Int64)}, nil
}

// Eval is the definition.
func (o MaxPoolOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	xs := in[0].Shape()
	g := o.pool().on(xs[2:], o.KernelShape.Slice())
	taps, size := g.taps(), g.in().Len()
	x := tensor.Float64s(in[0])
	shape := append(tensor.Shape{xs[0], xs[1]}, g.out()...)
	y, indices := make([]float64, 0, shape.Len()), make([]int64, 0, shape.Len())
	for plane := range xs[0] * xs[1] {
		for _, ts := range taps {
			best, at := math.Inf(-1), -1
			for _, t := range ts {
				if v := x[plane*size+t.in]; at < 0 || v > best || math.IsNaN(v) && !math.IsNaN(best) {
					best, at = v, plane*size+t.in
				}
			}
			y, indices = append(y, best), append(indices, int64(at))
		}
	}
	return []*tensor.Tensor{ofFloats(in[0].DType(), y, shape), tensor.Of(indices, shape...)}, nil
}

// Grad adds g to zeros at the indices: dX = MaxPoolGrad(g, Indices, X).
func (o MaxPoolOp) Grad(in, out, g []*graph.Value) []*graph.Value {
	return []*graph.Value{apply1(MaxPoolGradOp{}, g[0], out[1], in[0])}
}
