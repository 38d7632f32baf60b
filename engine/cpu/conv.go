package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// conv is one of the three products of a convolution.
type conv[T kernel.Float] struct {
	b       *Backend
	c       kernel.Conv[T]
	pass    kernel.ConvPass
	in, out []T // the two operands and the result, as the pass names them
	other   []T
	bias    []T
	scratch []T
}

// newConv plans a pass of the convolution of x with w; ok is false for three
// spatial axes and more.
func newConv[T kernel.Float](b *Backend, pass kernel.ConvPass, o ops.ConvOp, x, w graph.Type) (engine.Prepared, bool) {
	axes := o.Spatial(x, w)
	if len(axes) == 1 { // one axis is a height of 1
		axes = []ops.Spatial{{In: 1, Out: 1, Kernel: 1, Stride: 1, Dilation: 1}, axes[0]}
	}
	if len(axes) != 2 {
		return engine.Prepared{}, false
	}
	h, v := axes[0], axes[1]
	xs, ws := shapeOf(x), shapeOf(w)
	k := &conv[T]{b: b, pass: pass, c: kernel.Conv[T]{
		N: xs[0], C: xs[1], H: h.In, W: v.In, M: ws[0], KH: h.Kernel, KW: v.Kernel,
		StrideH: h.Stride, StrideW: v.Stride, DilationH: h.Dilation, DilationW: v.Dilation,
		PadTop: h.Before, PadBottom: h.After, PadLeft: v.Before, PadRight: v.After,
		Groups: max(1, o.Group),
	}}
	if k.c.OutH() != h.Out || k.c.OutW() != v.Out {
		return engine.Prepared{}, false
	}
	return engine.Prepared{Kernel: k, Scratch: k.c.ScratchLen(pass, b.Threads()) * x.DType.Size()}, true
}

func bindConv[T kernel.Float](b *Backend, o ops.ConvOp, in, _ []graph.Type) (engine.Prepared, bool) {
	return newConv[T](b, kernel.ConvForward, o, in[0], in[1])
}

func bindConvGradInput[T kernel.Float](b *Backend, o ops.ConvGradInputOp, in, _ []graph.Type) (engine.Prepared, bool) {
	return newConv[T](b, kernel.ConvGradInput, ops.ConvOp(o), in[2], in[1])
}

func bindConvGradWeight[T kernel.Float](b *Backend, o ops.ConvGradWeightOp, in, _ []graph.Type) (engine.Prepared, bool) {
	return newConv[T](b, kernel.ConvGradWeight, ops.ConvOp(o), in[1], in[2])
}

func (k *conv[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.in, k.other, k.out = tensor.Data[T](in[0]), tensor.Data[T](in[1]), tensor.Data[T](out[0])
	k.scratch = scratchOf[T](scratch)
	if k.pass == kernel.ConvForward && len(in) > 2 {
		k.bias = dataOf[T](in[2])
	}
}

func (k *conv[T]) Run() error {
	switch k.pass {
	case kernel.ConvForward:
		k.c.Forward(k.b.pool, k.out, k.in, k.other, k.bias, k.scratch)
	case kernel.ConvGradInput:
		k.c.GradInput(k.b.pool, k.out, k.in, k.other, k.scratch)
	case kernel.ConvGradWeight:
		k.c.GradWeight(k.b.pool, k.out, k.other, k.in, k.scratch)
	}
	return nil
}
