package cpu

import (
	"fmt"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// newPool2D is the geometry of a pooling of x; ok is false for three spatial
// axes and more.
func newPool2D[T kernel.Float](x graph.Type, axes []ops.Spatial) (kernel.Pool2D[T], bool) {
	if len(axes) == 1 { // one axis is a height of 1
		axes = []ops.Spatial{{In: 1, Out: 1, Kernel: 1, Stride: 1, Dilation: 1}, axes[0]}
	}
	if len(axes) != 2 {
		return kernel.Pool2D[T]{}, false
	}
	h, w := axes[0], axes[1]
	s := shapeOf(x)
	return kernel.Pool2D[T]{
		N: s[0], C: s[1], H: h.In, W: w.In, OutH: h.Out, OutW: w.Out, KH: h.Kernel, KW: w.Kernel,
		StrideH: h.Stride, StrideW: w.Stride, DilationH: h.Dilation, DilationW: w.Dilation,
		PadTop: h.Before, PadBottom: h.After, PadLeft: w.Before, PadRight: w.After,
	}, true
}

// maxPool takes the maximum of windows and where it was found.
type maxPool[T kernel.Float] struct {
	b     *Backend
	p     kernel.Pool2D[T]
	y, x  []T
	index []int64
}

func bindMaxPool[T kernel.Float](b *Backend, o ops.MaxPoolOp, in, _ []graph.Type) (engine.Prepared, bool) {
	p, ok := newPool2D[T](in[0], o.Spatial(in[0]))
	return engine.Prepared{Kernel: &maxPool[T]{b: b, p: p}}, ok
}

func (k *maxPool[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.x, k.y, k.index = tensor.Data[T](in[0]), tensor.Data[T](out[0]), tensor.Data[int64](out[1])
}

func (k *maxPool[T]) Run() error {
	k.p.Max(k.b.pool, k.y, k.index, k.x)
	return nil
}

// maxPoolGrad adds the gradient to where each maximum was found.
type maxPoolGrad[T kernel.Float] struct {
	b      *Backend
	p      kernel.Pool2D[T]
	dx, dy []T
	index  []int64
}

func bindMaxPoolGrad[T kernel.Float](b *Backend, _ ops.MaxPoolGradOp, in, _ []graph.Type) (engine.Prepared, bool) {
	g, x := shapeOf(in[0]), shapeOf(in[2])
	if len(g) < 2 || len(x) < 2 || !g[:2].Equal(x[:2]) {
		return engine.Prepared{}, false
	}
	p := kernel.Pool2D[T]{N: x[0], C: x[1], H: 1, W: x[2:].Len(), OutH: 1, OutW: g[2:].Len()}
	return engine.Prepared{Kernel: &maxPoolGrad[T]{b: b, p: p}}, true
}

func (k *maxPoolGrad[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.dy, k.index, k.dx = tensor.Data[T](in[0]), tensor.Data[int64](in[1]), tensor.Data[T](out[0])
}

func (k *maxPoolGrad[T]) Run() error {
	if k.p.MaxGrad(k.b.pool, k.dx, k.dy, k.index) {
		return nil
	}
	// Indices that are not MaxPool's may lead from any plane to any other.
	clear(k.dx)
	for i, at := range k.index {
		if at >= int64(len(k.dx)) {
			return fmt.Errorf("index %d is outside the %d elements of the input", at, len(k.dx))
		}
		if at >= 0 {
			k.dx[at] += k.dy[i]
		}
	}
	return nil
}

// meanPool takes the mean of windows, or passes gradients back.
type meanPool[T kernel.Float] struct {
	b      *Backend
	p      kernel.Pool2D[T]
	back   bool
	dst    []T
	source []T
}

func newMeanPool[T kernel.Float](b *Backend, o ops.AveragePoolOp, x graph.Type, back bool) (engine.Prepared, bool) {
	p, ok := newPool2D[T](x, o.Spatial(x))
	p.CountPad = o.CountIncludePad
	return engine.Prepared{Kernel: &meanPool[T]{b: b, p: p, back: back}}, ok
}

func bindAveragePool[T kernel.Float](b *Backend, o ops.AveragePoolOp, in, _ []graph.Type) (engine.Prepared, bool) {
	return newMeanPool[T](b, o, in[0], false)
}

func bindAveragePoolGrad[T kernel.Float](b *Backend, o ops.AveragePoolGradOp, in, _ []graph.Type) (engine.Prepared, bool) {
	return newMeanPool[T](b, ops.AveragePoolOp(o), in[1], true)
}

func (k *meanPool[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.source, k.dst = tensor.Data[T](in[0]), tensor.Data[T](out[0])
}

func (k *meanPool[T]) Run() error {
	if k.back {
		k.p.MeanGrad(k.b.pool, k.dst, k.source)
	} else {
		k.p.Mean(k.b.pool, k.dst, k.source)
	}
	return nil
}

// globalPool reduces all spatial axes.
func globalPool[O graph.Op](k kernel.ReduceOp, mean bool) entry {
	return op(func(b *Backend, _ O, in, out []graph.Type) (engine.Prepared, bool) {
		axes := make([]int, in[0].Rank()-2)
		for i := range axes {
			axes[i] = i + 2
		}
		return reduceOf(b, k, mean, in[0], out[0], axes)
	})
}
