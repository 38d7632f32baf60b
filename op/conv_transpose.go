package op

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// ConvTransposeOp is the transpose of the convolution that has its attributes: x is
// [N, C, …], the weight [C, M/Group, …], the bias [M], the result [N, M, …] of extents
// stride·(n-1) + output padding + reach of the kernel - pads.
type ConvTransposeOp struct {
	KernelShape   graph.Ints `onnx:"kernel_shape" default:"the weight's"`
	Strides       graph.Ints `onnx:"strides" default:"1 along each axis"`
	Pads          graph.Ints `onnx:"pads" default:"0 before and after each axis"`
	Dilations     graph.Ints `onnx:"dilations" default:"1 along each axis"`
	OutputPadding graph.Ints `onnx:"output_padding" default:"0 along each axis"`
	OutputShape   graph.Ints `onnx:"output_shape" default:"follows from the others"`
	Group         int        `onnx:"group" default:"1"`
	AutoPad       string     `onnx:"auto_pad" default:"NOTSET"`
}

// ConvTranspose is the transposed convolution of x with the weight w plus the bias
// b, which may be nil.
func ConvTranspose(x, w, b *graph.Value, attrs ConvTransposeOp) *graph.Value {
	return apply1(attrs, x, w, b)
}

// Spec describes the operator.
func (o ConvTransposeOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "ConvTranspose", Since: 11, Formula: "y[n,m,p·stride-pad+k·dilation] += x[n,c,p]·w[c,m,k]; y += b[m]", Source: standard,
		Inputs: []string{"X", "W", "B?"}, Outputs: []string{"Y"}, ULP: 32,
		FLOPs: func(in, _ []graph.Type) int64 { return convFLOPs(in, in[:1]) },
		Cases: func() []graph.Case {
			i, r := graph.MakeInts, graph.Rand
			return []graph.Case{
				{Op: ConvTransposeOp{}, In: []graph.Arg{r(2, 3, 3, 4), r(3, 4, 3, 3), r(4)}},
				{Name: "strided", Op: ConvTransposeOp{Strides: i(2, 2), Pads: i(1, 1, 1, 1), OutputPadding: i(1, 0)}, In: []graph.Arg{r(1, 3, 3, 3), r(3, 2, 3, 3)}},
				{Name: "pads differ", Op: ConvTransposeOp{Strides: i(3, 2), Pads: i(1, 0, 0, 1)}, In: []graph.Arg{r(1, 2, 2, 3), r(2, 2, 3, 2)}},
				{Name: "groups", Op: ConvTransposeOp{Group: 2}, In: []graph.Arg{r(1, 4, 3, 3), r(4, 3, 2, 2), r(6)}},
				{Name: "dilated", Op: ConvTransposeOp{Dilations: i(2, 2)}, In: []graph.Arg{r(1, 2, 3, 3), r(2, 3, 2, 2)}},
				{Name: "same upper", Op: ConvTransposeOp{AutoPad: "SAME_UPPER", Strides: i(2, 2)}, In: []graph.Arg{r(1, 2, 3, 3), r(2, 2, 3, 3)}},
				{Name: "output shape", Op: ConvTransposeOp{OutputShape: i(5, 6), Strides: i(2, 2)}, In: []graph.Arg{r(1, 2, 3, 3), r(2, 2, 3, 3)}},
				{Name: "one axis", Op: ConvTransposeOp{Strides: i(2)}, In: []graph.Arg{r(2, 3, 4), r(3, 2, 3), r(2)}},
			}
		},
	}
}

// resolve is the convolution of which this is the transpose, its pads worked out,
// and the extents of the result for spatial axes of the extents in.
func (o ConvTransposeOp) resolve(in []graph.Dim, kernel []int) (c ConvOp, out []graph.Dim, err error) {
	c = ConvOp{Strides: o.Strides, Dilations: o.Dilations, Group: o.Group}
	w := window{strides: o.Strides, pads: o.Pads, dilations: o.Dilations, autoPad: o.AutoPad}
	if err := w.check(kernel); err != nil {
		return c, nil, err
	}
	extra, want := o.OutputPadding.Or(make([]int, len(kernel))...), o.OutputShape.Slice()
	if len(want) == 2+len(kernel) {
		want = want[2:]
	}
	if len(extra) != len(kernel) || len(want) != 0 && len(want) != len(kernel) {
		return c, nil, fmt.Errorf("output_padding %v or output_shape %v is not for %d spatial axes", extra, o.OutputShape, len(kernel))
	}
	before, after := make([]int, len(kernel)), make([]int, len(kernel))
	for i, n := range in {
		a := w.axis(i, kernel[i])
		if extra[i] >= a.Stride {
			return c, nil, fmt.Errorf("output_padding %v must be smaller than the strides", extra)
		}
		scaled, rest := n.Mul(graph.Known(a.Stride)), extra[i]+a.reach()-a.Stride
		total := 0
		switch {
		case len(want) > 0:
			size, known := scaled.Size()
			if !known {
				return c, nil, fmt.Errorf("output_shape needs an input whose extents are known, not %v", n)
			}
			total = size + rest - want[i]
		case w.same():
			total = rest
		default:
			before[i], after[i] = a.Before, a.After
			out = append(out, scaled.Add(graph.Known(rest-a.Before-a.After)))
			continue
		}
		if total < 0 {
			return c, nil, fmt.Errorf("the result would be %d smaller than asked for", -total)
		}
		before[i] = total / 2
		if o.AutoPad != "SAME_UPPER" {
			before[i] = total - total/2
		}
		after[i] = total - before[i]
		if len(want) > 0 {
			out = append(out, graph.Known(want[i]))
		} else {
			out = append(out, scaled)
		}
	}
	c.Pads = graph.MakeInts(slices.Concat(before, after)...)
	return c, out, nil
}

// Infer checks the channels and gives [N, M, …].
func (o ConvTransposeOp) Infer(in []graph.Type) ([]graph.Type, error) {
	kernel, err := convInputs(in, o.KernelShape, or(o.Group, 1))
	if err != nil {
		return nil, err
	}
	x, w, group := in[0], in[1], or(o.Group, 1)
	if differ(x.Shape[1], w.Shape[0]) {
		return nil, fmt.Errorf("the input has %v channels, but the weight %v is for %v", x.Shape[1], w.Shape, w.Shape[0])
	}
	if c, known := x.Shape[1].Size(); known && c%group != 0 {
		return nil, fmt.Errorf("%d channels cannot be divided into %d groups", c, group)
	}
	channels := w.Shape[1].Mul(graph.Known(group))
	if has(in, 2) {
		if err := wantBias(in[2], channels); err != nil {
			return nil, err
		}
	}
	_, out, err := o.resolve(x.Shape[2:], kernel)
	if err != nil {
		return nil, err
	}
	for _, d := range out {
		if n, known := d.Size(); known && n < 1 {
			return nil, fmt.Errorf("nothing is left of the result, which would be %s", times(out))
		}
	}
	return oneType(x.With(append(graph.Shape{x.Shape[0], channels}, out...)...))
}

// Eval is the definition.
func (o ConvTransposeOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	xs, ws := in[0].Shape(), in[1].Shape()
	c, out, err := o.resolve(graph.Dims(xs[2:]...), ws[2:])
	if err != nil {
		return nil, err
	}
	spatial, _ := graph.Shape(out).Concrete()
	shape := append(tensor.Shape{xs[0], ws[1] * or(o.Group, 1)}, spatial...)
	x, w, y := tensor.Float64s(in[0]), tensor.Float64s(in[1]), make([]float64, shape.Len())
	if b := arg(in, 2); b != nil {
		addBias(y, tensor.Float64s(b), spatial.Len())
	}
	g := c.window().on(spatial, ws[2:])
	products(shape, ws, or(o.Group, 1), g, func(yi, wi, xi int) { y[yi] += float64(x[xi] * w[wi]) })
	return one(ofFloats(in[0].DType(), y, shape))
}

// Grad is dX = Conv(g, W), dW = ConvGradWeight(X, g), dB = g summed over all but the
// channels.
func (o ConvTransposeOp) Grad(in, _, g []*graph.Value) []*graph.Value {
	x, w := in[0], in[1]
	kernel, _ := w.Shape()[2:].Concrete()
	c, _, err := o.resolve(x.Shape()[2:], kernel)
	if err != nil {
		panic(&tensor.ShapeError{Op: "ConvTranspose", Detail: err.Error()}) // inference has checked it
	}
	d := make([]*graph.Value, len(in))
	if needsGrad(x) {
		d[0] = apply1(c, g[0], w)
	}
	if needsGrad(w) {
		d[1] = apply1(ConvGradWeightOp(c), x, g[0], w)
	}
	if needsGrad(optional(in, 2)) {
		d[2] = sumPerChannel(g[0])
	}
	return d
}
