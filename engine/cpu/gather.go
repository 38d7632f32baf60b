package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// axisView sees an array as [outer, rows, inner] around one axis.
func axisView(s tensor.Shape, axis int) (outer, rows, inner int) {
	if axis < 0 {
		axis += len(s)
	}
	return s[:axis].Len(), s[axis], s[axis+1:].Len()
}

// gather picks rows along an axis.
type gather[T bits] struct {
	outer, rows, inner int
	dst, src           []T
	index              []int64
}

func bindGather(_ *Backend, o ops.GatherOp, in, _ []graph.Type) (engine.Prepared, bool) {
	if in[1].DType != tensor.Int64 {
		return engine.Prepared{}, false
	}
	outer, rows, inner := axisView(shapeOf(in[0]), o.Axis)
	var k engine.Kernel
	switch in[0].DType.Size() {
	case 1:
		k = &gather[uint8]{outer: outer, rows: rows, inner: inner}
	case 4:
		k = &gather[uint32]{outer: outer, rows: rows, inner: inner}
	case 8:
		k = &gather[uint64]{outer: outer, rows: rows, inner: inner}
	}
	return engine.Prepared{Kernel: k}, k != nil
}

func (k *gather[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.dst, k.src, k.index = bitsOf[T](out[0]), bitsOf[T](in[0]), tensor.Data[int64](in[1])
}

func (k *gather[T]) Run() error {
	from, to := k.rows*k.inner, len(k.index)*k.inner
	for o := range k.outer {
		if err := kernel.GatherRows(k.dst[o*to:(o+1)*to], k.src[o*from:(o+1)*from], k.index, k.inner); err != nil {
			return err
		}
	}
	return nil
}

// scatterRows is the gradient of gather: zeros to which rows are added.
type scatterRows[T kernel.Float] struct {
	outer, rows, inner int
	dst, src           []T
	index              []int64
}

func bindGatherGrad[T kernel.Float](_ *Backend, o ops.GatherGradOp, in, out []graph.Type) (engine.Prepared, bool) {
	outer, rows, inner := axisView(shapeOf(out[0]), o.Axis)
	return engine.Prepared{Kernel: &scatterRows[T]{outer: outer, rows: rows, inner: inner}}, in[1].DType == tensor.Int64
}

func (k *scatterRows[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.dst, k.src, k.index = tensor.Data[T](out[0]), tensor.Data[T](in[0]), tensor.Data[int64](in[1])
}

func (k *scatterRows[T]) Run() error {
	clear(k.dst)
	to, from := k.rows*k.inner, len(k.index)*k.inner
	for o := range k.outer {
		if err := kernel.ScatterAddRows(k.dst[o*to:(o+1)*to], k.src[o*from:(o+1)*from], k.index, k.inner); err != nil {
			return err
		}
	}
	return nil
}

// elements picks single elements along an axis, or adds to them.
type elements[T kernel.Float] struct {
	rows, picks, inner int
	scatter            bool
	dst, src, add      []T
	index              []int64
}

// newElements plans the kernel where data and indices have the same extents off
// the axis.
func newElements[T kernel.Float](axis int, data, index graph.Type, scatter bool) (engine.Prepared, bool) {
	d, i := shapeOf(data), shapeOf(index)
	dOuter, rows, dInner := axisView(d, axis)
	outer, picks, inner := axisView(i, axis)
	k := &elements[T]{rows: rows, picks: picks, inner: inner, scatter: scatter}
	return engine.Prepared{Kernel: k}, index.DType == tensor.Int64 && outer == dOuter && inner == dInner
}

func bindGatherElements[T kernel.Float](_ *Backend, o ops.GatherElementsOp, in, _ []graph.Type) (engine.Prepared, bool) {
	return newElements[T](o.Axis, in[0], in[1], false)
}

func bindScatterElements[T kernel.Float](_ *Backend, o ops.ScatterElementsOp, in, _ []graph.Type) (engine.Prepared, bool) {
	p, ok := newElements[T](o.Axis, in[0], in[1], true)
	p.InPlace = [][]int{{0}}
	return p, ok && o.Reduction == "add"
}

func (k *elements[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.dst, k.src, k.index = tensor.Data[T](out[0]), tensor.Data[T](in[0]), tensor.Data[int64](in[1])
	if k.scatter {
		k.add = tensor.Data[T](in[2])
	}
}

func (k *elements[T]) Run() error {
	if k.scatter {
		copy(k.dst, k.src)
		return kernel.ScatterAddElements(k.dst, k.add, k.index, k.rows, k.picks, k.inner)
	}
	return kernel.GatherElements(k.dst, k.src, k.index, k.rows, k.picks, k.inner)
}

// argMax finds the largest element along an axis.
type argMax[T kernel.Float] struct {
	b   *Backend
	arg kernel.Arg[T]
}

func (k *argMax[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.arg.Src, k.arg.Dst = tensor.Data[T](in[0]), tensor.Data[int64](out[0])
}

func (k *argMax[T]) Run() error {
	k.arg.Run(k.b.pool)
	return nil
}

// newArgMax makes the kernel for the element type of the input.
func newArgMax(b *Backend, o ops.ArgExtremum, least bool, in []graph.Type) (engine.Prepared, bool) {
	outer, n, inner := axisView(shapeOf(in[0]), o.Axis)
	switch in[0].DType {
	case tensor.Float32:
		return engine.Prepared{Kernel: &argMax[float32]{b, kernel.Arg[float32]{Min: least, Last: o.SelectLastIndex, Outer: outer, Len: n, Inner: inner}}}, n > 0
	case tensor.Float64:
		return engine.Prepared{Kernel: &argMax[float64]{b, kernel.Arg[float64]{Min: least, Last: o.SelectLastIndex, Outer: outer, Len: n, Inner: inner}}}, n > 0
	}
	return engine.Prepared{}, false
}
