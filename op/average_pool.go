package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// AveragePoolOp is the mean of the elements under a window that moves over the
// spatial axes of x, [N, C, …]. Padding counts as zeros with CountIncludePad, else
// not at all; a window over padding alone gives 0.
type AveragePoolOp struct {
	KernelShape     graph.Ints `onnx:"kernel_shape"`
	Strides         graph.Ints `onnx:"strides" default:"1 along each axis"`
	Pads            graph.Ints `onnx:"pads" default:"0 before and after each axis"`
	Dilations       graph.Ints `onnx:"dilations" default:"1 along each axis"`
	CeilMode        bool       `onnx:"ceil_mode"`
	CountIncludePad bool       `onnx:"count_include_pad"`
	AutoPad         string     `onnx:"auto_pad" default:"NOTSET"`
}

// AveragePool is the mean of the elements under a moving window.
func AveragePool(x *graph.Value, attrs AveragePoolOp) *graph.Value { return apply1(attrs, x) }

// Spec describes the operator.
func (o AveragePoolOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "AveragePool", Since: 19, Formula: "y[n,c,p] = mean x[n,c,p·stride-pad+k·dilation]", Source: standard,
		Inputs: []string{"X"}, Outputs: []string{"Y"}, ULP: 8,
		FLOPs: func(in, _ []graph.Type) int64 { return elements(in[0]) },
		Cases: func() []graph.Case {
			return averageCases(func(o AveragePoolOp, x, _ []int) (graph.Op, []graph.Arg) {
				return o, []graph.Arg{graph.Rand(x...)}
			})
		},
	}
}

// averageCases makes the cases of AveragePool and its gradient; arg gets the
// attributes and the shapes of the input and the result.
func averageCases(arg func(o AveragePoolOp, x, y []int) (graph.Op, []graph.Arg)) []graph.Case {
	apart := AveragePoolOp{KernelShape: graph.MakeInts(2, 3), Strides: graph.MakeInts(1, 3), Dilations: graph.MakeInts(3, 3), AutoPad: "SAME_LOWER"}
	o, in := arg(apart, []int{1, 2, 1, 6}, []int{1, 2, 1, 2})
	cases := []graph.Case{{Name: "padding alone", Op: o, In: in}}
	for _, c := range poolCases() {
		o := AveragePoolOp{KernelShape: c.kernel, Strides: c.strides, Pads: c.pads, Dilations: c.dilations, CeilMode: c.ceil, AutoPad: c.autoPad}
		a, in := arg(o, c.x, c.y)
		cases = append(cases, graph.Case{Name: c.name, Op: a, In: in})
		if c.pads.Len() > 0 || c.ceil {
			o.CountIncludePad = true
			a, in := arg(o, c.x, c.y)
			cases = append(cases, graph.Case{Name: c.name + ", padding counts", Op: a, In: in})
		}
	}
	return cases
}

func (o AveragePoolOp) pool() pool {
	return pool{window{strides: o.Strides, pads: o.Pads, dilations: o.Dilations, autoPad: o.AutoPad, ceil: o.CeilMode}, o.KernelShape}
}

// Infer gives [N, C, …].
func (o AveragePoolOp) Infer(in []graph.Type) ([]graph.Type, error) {
	y, err := o.pool().infer(in)
	if err != nil {
		return nil, err
	}
	return oneType(y)
}

// weights are, for each element of a plane of the result, the elements under its
// window and what each is divided by.
func (o AveragePoolOp) weights(g geometry) (taps [][]tap, counts []float64) {
	taps = g.taps()
	counts = make([]float64, len(taps))
	eachIndex(g.out(), func(flat int, at []int) {
		if !o.CountIncludePad {
			counts[flat] = float64(max(1, len(taps[flat])))
			return
		}
		n := 1
		for i, s := range g { // a window over the end counts the padding only
			inside := 0
			for k := range s.Kernel {
				if s.position(at[i], k) < s.In+s.After {
					inside++
				}
			}
			n *= inside
		}
		counts[flat] = float64(max(1, n))
	})
	return taps, counts
}

// Eval is the definition.
func (o AveragePoolOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	xs := in[0].Shape()
	g := o.pool().on(xs[2:], o.KernelShape.Slice())
	taps, counts := o.weights(g)
	x, size := tensor.Float64s(in[0]), g.in().Len()
	shape := append(tensor.Shape{xs[0], xs[1]}, g.out()...)
	y := make([]float64, 0, shape.Len())
	for plane := range xs[0] * xs[1] {
		for p, ts := range taps {
			sum := 0.0
			for _, t := range ts {
				sum += x[plane*size+t.in]
			}
			y = append(y, sum/counts[p])
		}
	}
	return one(ofFloats(in[0].DType(), y, shape))
}

// Grad shares g out under each window: dX = AveragePoolGrad(g, X).
func (o AveragePoolOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	return []*graph.Value{apply1(AveragePoolGradOp(o), g[0], in[0])}
}
