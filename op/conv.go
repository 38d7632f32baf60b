package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ConvOp is a convolution (a cross-correlation, as everywhere in deep learning)
// over any number of spatial axes: x is [N, C, …], the weight [M, C/Group, …],
// the bias [M], the result [N, M, …]. Channels and weights are in Group groups that
// do not mix.
type ConvOp struct {
	KernelShape graph.Ints `onnx:"kernel_shape" default:"the weight's"`
	Strides     graph.Ints `onnx:"strides" default:"1 along each axis"`
	Pads        graph.Ints `onnx:"pads" default:"0 before and after each axis"`
	Dilations   graph.Ints `onnx:"dilations" default:"1 along each axis"`
	Group       int        `onnx:"group" default:"1"`
	AutoPad     string     `onnx:"auto_pad" default:"NOTSET"`
}

// Conv is the convolution of x with the weight w plus the bias b, which may be nil.
func Conv(x, w, b *graph.Value, attrs ConvOp) *graph.Value { return apply1(attrs, x, w, b) }

// Spec describes the operator.
func (o ConvOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "Conv", Since: 11, Formula: "y[n,m,p] = b[m] + Σ x[n,c,p·stride-pad+k·dilation]·w[m,c,k]", Source: standard,
		Inputs: []string{"X", "W", "B?"}, Outputs: []string{"Y"}, ULP: 32, FLOPs: convFLOPs,
		Cases: func() []graph.Case {
			return convCases(func(o ConvOp, x, w, _ []int) (graph.Op, []graph.Arg) {
				return o, []graph.Arg{graph.Rand(x...), graph.Rand(w...), graph.Rand(w[0])}
			})
		},
	}
}

// convCases makes the cases of Conv and its gradients; arg gets the attributes and
// the shapes of the input, the weight and the result.
func convCases(arg func(o ConvOp, x, w, y []int) (graph.Op, []graph.Arg)) []graph.Case {
	i := graph.MakeInts
	var cases []graph.Case
	for _, c := range []struct {
		name    string
		o       ConvOp
		x, w, y []int
	}{
		{"", ConvOp{}, []int{2, 3, 5, 6}, []int{4, 3, 3, 3}, []int{2, 4, 3, 4}},
		{"padded", ConvOp{Pads: i(1, 1, 1, 1)}, []int{2, 3, 5, 5}, []int{4, 3, 3, 3}, []int{2, 4, 5, 5}},
		{"strided", ConvOp{Strides: i(2, 2), Pads: i(1, 1, 1, 1)}, []int{2, 3, 7, 6}, []int{5, 3, 3, 3}, []int{2, 5, 4, 3}},
		{"pads differ", ConvOp{Pads: i(0, 2, 1, 0)}, []int{1, 2, 4, 4}, []int{3, 2, 2, 3}, []int{1, 3, 4, 4}},
		{"dilated", ConvOp{Dilations: i(2, 2), Pads: i(2, 2, 2, 2)}, []int{1, 2, 6, 6}, []int{3, 2, 3, 3}, []int{1, 3, 6, 6}},
		{"groups", ConvOp{Group: 2}, []int{2, 4, 5, 5}, []int{6, 2, 3, 3}, []int{2, 6, 3, 3}},
		{"depthwise", ConvOp{Group: 4, Pads: i(1, 1, 1, 1)}, []int{2, 4, 5, 5}, []int{4, 1, 3, 3}, []int{2, 4, 5, 5}},
		{"pointwise", ConvOp{}, []int{2, 5, 4, 4}, []int{6, 5, 1, 1}, []int{2, 6, 4, 4}},
		{"pointwise strided", ConvOp{Strides: i(2, 2)}, []int{2, 5, 5, 5}, []int{3, 5, 1, 1}, []int{2, 3, 3, 3}},
		{"same upper", ConvOp{AutoPad: "SAME_UPPER", Strides: i(2, 2)}, []int{1, 2, 5, 6}, []int{3, 2, 3, 3}, []int{1, 3, 3, 3}},
		{"same lower", ConvOp{AutoPad: "SAME_LOWER"}, []int{1, 2, 4, 4}, []int{3, 2, 2, 2}, []int{1, 3, 4, 4}},
		{"kernel of the input's size", ConvOp{}, []int{2, 3, 4, 4}, []int{5, 3, 4, 4}, []int{2, 5, 1, 1}},
		{"one channel", ConvOp{}, []int{3, 1, 8, 8}, []int{6, 1, 5, 5}, []int{3, 6, 4, 4}},
		{"many channels", ConvOp{Pads: i(1, 1, 1, 1)}, []int{1, 17, 3, 3}, []int{33, 17, 3, 3}, []int{1, 33, 3, 3}},
		{"one axis", ConvOp{Strides: i(2), Pads: i(1, 1)}, []int{2, 3, 8}, []int{4, 3, 3}, []int{2, 4, 4}},
		{"three axes", ConvOp{}, []int{1, 2, 3, 4, 3}, []int{3, 2, 2, 2, 2}, []int{1, 3, 2, 3, 2}},
		{"large", ConvOp{Pads: i(1, 1, 1, 1)}, []int{5, 8, 14, 14}, []int{17, 8, 3, 3}, []int{5, 17, 14, 14}},
		{"no samples", ConvOp{}, []int{0, 3, 5, 5}, []int{4, 3, 3, 3}, []int{0, 4, 3, 3}},
	} {
		o, in := arg(c.o, c.x, c.w, c.y)
		g := graph.Case{Name: c.name, Op: o, In: in}
		if c.name == "large" {
			g.NoGrad = large
		}
		cases = append(cases, g)
	}
	return cases
}

// convFLOPs counts two operations for each product.
func convFLOPs(in, out []graph.Type) int64 {
	return 2 * elements(out[0]) * elements(in[1]) / max(firstDim(in[1]), 1)
}

func (o ConvOp) window() window {
	return window{strides: o.Strides, pads: o.Pads, dilations: o.Dilations, autoPad: o.AutoPad}
}

// kernelOf are the known extents of the spatial axes of a weight.
func kernelOf(w graph.Type, attr graph.Ints) ([]int, error) {
	kernel, known := w.Shape[2:].Concrete()
	if !known {
		return nil, fmt.Errorf("the kernel's extents must be known, but the weight's shape is %v", w.Shape)
	}
	if want := attr.Slice(); len(want) > 0 && !kernel.Equal(want) {
		return nil, fmt.Errorf("kernel_shape is %v, but the weight's shape is %v", want, w.Shape)
	}
	return kernel, nil
}

// wantSpatial checks that an input is [N, C, …] with at least one spatial axis.
func wantSpatial(t graph.Type) error {
	if t.Rank() < 3 {
		return fmt.Errorf("expects an input of shape [samples channels height width], or with another number of spatial axes, given %v", t.Shape)
	}
	return nil
}

// convInputs checks what convolutions of both directions want of their inputs,
// and gives the extents of the kernel.
func convInputs(in []graph.Type, kernelShape graph.Ints, group int) ([]int, error) {
	if err := expect(in, 2, 3); err != nil {
		return nil, err
	}
	if err := sameDType(in...); err != nil {
		return nil, err
	}
	if err := wantFloat(in[0]); err != nil {
		return nil, err
	}
	if err := wantSpatial(in[0]); err != nil {
		return nil, err
	}
	if err := wantRank("the weight", in[1], in[0].Rank()); err != nil {
		return nil, err
	}
	if group < 1 {
		return nil, fmt.Errorf("group is %d, but must be at least 1", group)
	}
	return kernelOf(in[1], kernelShape)
}

// Infer checks channels and kernel and gives [N, M, …].
func (o ConvOp) Infer(in []graph.Type) ([]graph.Type, error) {
	kernel, err := convInputs(in, o.KernelShape, or(o.Group, 1))
	if err != nil {
		return nil, err
	}
	x, w, group := in[0], in[1], or(o.Group, 1)
	channels := w.Shape[1].Mul(graph.Known(group))
	if differ(x.Shape[1], channels) {
		return nil, fmt.Errorf("the input has %v channels, but the weight %v is for %v", x.Shape[1], w.Shape, channels)
	}
	if m, known := w.Shape[0].Size(); known && m%group != 0 {
		return nil, fmt.Errorf("%d output channels cannot be divided into %d groups", m, group)
	}
	if has(in, 2) {
		if err := wantBias(in[2], w.Shape[0]); err != nil {
			return nil, err
		}
	}
	out, err := o.window().outputs(x.Shape[2:], kernel)
	if err != nil {
		return nil, err
	}
	return oneType(x.With(append(graph.Shape{x.Shape[0], w.Shape[0]}, out...)...))
}

// wantBias checks that a bias has one number per output channel.
func wantBias(b graph.Type, channels graph.Dim) error {
	if b.Rank() != 1 || differ(b.Shape[0], channels) {
		return fmt.Errorf("the bias must have the shape [%v], one number per output channel, but has %v", channels, b.Shape)
	}
	return nil
}

// products calls f for every product of the convolution: y[yi] += x[xi]·w[wi].
// The order is that of the samples, groups, output channels, output positions,
// input channels and kernel positions.
func products(x, w tensor.Shape, group int, g geometry, f func(xi, wi, yi int)) {
	taps := g.taps()
	outs, ins, kernels := len(taps), g.in().Len(), g.kernel().Len()
	m, c := w[0]/group, w[1]
	for n := range x[0] {
		for oc := range w[0] {
			first := n*x[1] + oc/m*c // the first input channel of the group
			for p, ts := range taps {
				yi := (n*w[0]+oc)*outs + p
				for ic := range c {
					for _, t := range ts {
						f((first+ic)*ins+t.in, (oc*c+ic)*kernels+t.kernel, yi)
					}
				}
			}
		}
	}
}

// Eval is the definition.
func (o ConvOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	xs, ws := in[0].Shape(), in[1].Shape()
	g := o.window().on(xs[2:], ws[2:])
	shape := append(tensor.Shape{xs[0], ws[0]}, g.out()...)
	x, w, y := tensor.Float64s(in[0]), tensor.Float64s(in[1]), make([]float64, shape.Len())
	if b := arg(in, 2); b != nil {
		addBias(y, tensor.Float64s(b), g.out().Len())
	}
	products(xs, ws, or(o.Group, 1), g, func(xi, wi, yi int) { y[yi] += float64(x[xi] * w[wi]) })
	return one(ofFloats(in[0].DType(), y, shape))
}

// addBias adds to each channel of n elements its bias.
func addBias(y, bias []float64, n int) {
	for i := range y {
		y[i] += bias[i/n%len(bias)]
	}
}

// Grad is dX = ConvGradInput(g, W), dW = ConvGradWeight(g, X), dB = g summed over
// all but the channels.
func (o ConvOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	x, w := in[0], in[1]
	d := make([]*graph.Value, len(in))
	if needsGrad(x) {
		d[0] = apply1(ConvGradInputOp(o), g[0], w, x)
	}
	if needsGrad(w) {
		d[1] = apply1(ConvGradWeightOp(o), g[0], x, w)
	}
	if needsGrad(optional(in, 2)) {
		d[2] = sumPerChannel(g[0])
	}
	return d
}

// sumPerChannel sums over all axes but axis 1.
func sumPerChannel(x *graph.Value) *graph.Value {
	axes := []int{0}
	for a := 2; a < x.Rank(); a++ {
		axes = append(axes, a)
	}
	return ReduceSum(x, axes, false)
}
