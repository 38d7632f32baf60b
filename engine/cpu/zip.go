package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/tensor"
)

// zip is an elementwise function of two operands that broadcast.
type zip[T kernel.Number] struct {
	b         *Backend
	op        kernel.BinaryOp
	walk      *walk
	dst, x, y []T
}

func (z *zip[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	z.dst, z.x, z.y = tensor.Data[T](out[0]), tensor.Data[T](in[0]), tensor.Data[T](in[1])
}

func (z *zip[T]) Run() error {
	z.walk.run(z.b.pool, z)
	return nil
}

func (z *zip[T]) Do(lo, hi, _ int) {
	sx, sy := z.walk.steps[0], z.walk.steps[1]
	z.walk.each(lo, hi, func(out int, at [maxOperands]int, n int) {
		kernel.Zip(z.op, z.dst[out:out+n], z.x[at[0]:], sx, z.y[at[1]:], sy)
	})
}

// binary binds an arithmetic operator of two operands; an output as large as an
// operand may take its place.
func binary[O graph.Op](k kernel.BinaryOp) entry {
	return op(func(b *Backend, _ O, in, out []graph.Type) (engine.Prepared, bool) {
		if len(in) != 2 {
			return engine.Prepared{}, false
		}
		make, ok := zips[out[0].DType]
		if !ok || in[0].DType != out[0].DType || in[1].DType != out[0].DType {
			return engine.Prepared{}, false
		}
		w := newWalk(shapeOf(out[0]), shapeOf(in[0]), shapeOf(in[1]))
		return engine.Prepared{Kernel: make(b, k, w), InPlace: [][]int{{0, 1}}}, true
	}).as(element{kind: pairs, zip: k}.always)
}

// zips make the kernel for an element type. Integer division is left to the
// definition, which reports a zero divisor.
var zips = map[tensor.DType]func(*Backend, kernel.BinaryOp, *walk) engine.Kernel{
	tensor.Float32: newZip[float32], tensor.Float64: newZip[float64],
	tensor.Int32: newZip[int32], tensor.Int64: newZip[int64],
}

func newZip[T kernel.Number](b *Backend, k kernel.BinaryOp, w *walk) engine.Kernel {
	return &zip[T]{b: b, op: k, walk: w}
}

// compare is a relation of two operands that broadcast.
type compare[T kernel.Number] struct {
	b    *Backend
	op   kernel.CompareOp
	walk *walk
	dst  []uint8
	x, y []T
}

func (c *compare[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	c.dst, c.x, c.y = out[0].Bytes(), tensor.Data[T](in[0]), tensor.Data[T](in[1])
}

func (c *compare[T]) Run() error {
	c.walk.run(c.b.pool, c)
	return nil
}

func (c *compare[T]) Do(lo, hi, _ int) {
	sx, sy := c.walk.steps[0], c.walk.steps[1]
	c.walk.each(lo, hi, func(out int, at [maxOperands]int, n int) {
		kernel.Compare(c.op, c.dst[out:out+n], c.x[at[0]:], sx, c.y[at[1]:], sy)
	})
}

var compares = map[tensor.DType]func(*Backend, kernel.CompareOp, *walk) engine.Kernel{
	tensor.Float32: newCompare[float32], tensor.Float64: newCompare[float64],
	tensor.Int32: newCompare[int32], tensor.Int64: newCompare[int64], tensor.Uint8: newCompare[uint8],
}

func newCompare[T kernel.Number](b *Backend, k kernel.CompareOp, w *walk) engine.Kernel {
	return &compare[T]{b: b, op: k, walk: w}
}

// relation binds a comparison.
func relation[O graph.Op](k kernel.CompareOp) entry {
	return op(func(b *Backend, _ O, in, out []graph.Type) (engine.Prepared, bool) {
		make, ok := compares[in[0].DType]
		if !ok {
			return engine.Prepared{}, false
		}
		return engine.Prepared{Kernel: make(b, k, newWalk(shapeOf(out[0]), shapeOf(in[0]), shapeOf(in[1])))}, true
	}).as(element{kind: relates, compare: k}.always)
}

// choose is Where: one of two operands by a condition, all broadcast.
type choose[T any] struct {
	b         *Backend
	walk      *walk
	cond      []uint8
	dst, x, y []T
	view      func(t *tensor.Tensor) []T
}

func (c *choose[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	c.cond, c.dst, c.x, c.y = in[0].Bytes(), c.view(out[0]), c.view(in[1]), c.view(in[2])
}

func (c *choose[T]) Run() error {
	c.walk.run(c.b.pool, c)
	return nil
}

func (c *choose[T]) Do(lo, hi, _ int) {
	s := c.walk.steps
	c.walk.each(lo, hi, func(out int, at [maxOperands]int, n int) {
		kernel.Where(c.dst[out:out+n], c.cond[at[0]:], s[0], c.x[at[1]:], s[1], c.y[at[2]:], s[2])
	})
}

func bindWhere[O graph.Op](b *Backend, _ O, in, out []graph.Type) (engine.Prepared, bool) {
	w := newWalk(shapeOf(out[0]), shapeOf(in[0]), shapeOf(in[1]), shapeOf(in[2]))
	var k engine.Kernel
	switch out[0].DType {
	case tensor.Float32:
		k = &choose[float32]{b: b, walk: w, view: tensor.Data[float32]}
	case tensor.Float64:
		k = &choose[float64]{b: b, walk: w, view: tensor.Data[float64]}
	case tensor.Int64:
		k = &choose[int64]{b: b, walk: w, view: tensor.Data[int64]}
	default:
		return engine.Prepared{}, false
	}
	return engine.Prepared{Kernel: k, InPlace: [][]int{{1, 2}}}, true
}
