package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// planConv is the convolution of x with w; ok is false for three spatial axes and
// more.
func planConv[T kernel.Float](o ops.ConvOp, x, w graph.Type) (c kernel.Conv[T], ok bool) {
	axes := o.Spatial(x, w)
	if len(axes) == 1 { // one axis is a height of 1
		axes = []ops.Spatial{{In: 1, Out: 1, Kernel: 1, Stride: 1, Dilation: 1}, axes[0]}
	}
	if len(axes) != 2 {
		return c, false
	}
	h, v := axes[0], axes[1]
	xs, ws := shapeOf(x), shapeOf(w)
	c = kernel.Conv[T]{
		N: xs[0], C: xs[1], H: h.In, W: v.In, M: ws[0], KH: h.Kernel, KW: v.Kernel,
		StrideH: h.Stride, StrideW: v.Stride, DilationH: h.Dilation, DilationW: v.Dilation,
		PadTop: h.Before, PadBottom: h.After, PadLeft: v.Before, PadRight: v.After,
		Groups: max(1, o.Group),
	}
	return c, c.OutH() == h.Out && c.OutW() == v.Out
}

// convGrad is one of the gradients of a convolution.
type convGrad[T kernel.Float] struct {
	b       *Backend
	c       kernel.Conv[T]
	pass    kernel.ConvPass
	in, out []T // the two operands and the result, as the pass names them
	other   []T
	scratch []T
}

func newConvGrad[T kernel.Float](b *Backend, pass kernel.ConvPass, o ops.ConvOp, x, w graph.Type) (engine.Prepared, bool) {
	c, ok := planConv[T](o, x, w)
	if !ok {
		return engine.Prepared{}, false
	}
	k := &convGrad[T]{b: b, pass: pass, c: c}
	return engine.Prepared{Kernel: k, Scratch: k.c.ScratchLen(pass, b.Threads()) * x.DType.Size()}, true
}

func bindConvGradInput[T kernel.Float](b *Backend, o ops.ConvGradInputOp, in, _ []graph.Type) (engine.Prepared, bool) {
	return newConvGrad[T](b, kernel.ConvGradInput, ops.ConvOp(o), in[2], in[1])
}

func bindConvGradWeight[T kernel.Float](b *Backend, o ops.ConvGradWeightOp, in, _ []graph.Type) (engine.Prepared, bool) {
	return newConvGrad[T](b, kernel.ConvGradWeight, ops.ConvOp(o), in[1], in[2])
}

func (k *convGrad[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.in, k.other, k.out = tensor.Data[T](in[0]), tensor.Data[T](in[1]), tensor.Data[T](out[0])
	k.scratch = scratchOf[T](scratch)
}

func (k *convGrad[T]) Run() error {
	if k.pass == kernel.ConvGradInput {
		k.c.GradInput(k.b.pool, k.out, k.in, k.other, k.scratch)
	} else {
		k.c.GradWeight(k.b.pool, k.out, k.other, k.in, k.scratch)
	}
	return nil
}
