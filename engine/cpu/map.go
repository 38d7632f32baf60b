package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// apply is a function of each element.
type apply[T kernel.Float] struct {
	b        *Backend
	f        kernel.Unary
	dst, src []T
	stream   stream[T]
}

func (a *apply[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	a.dst, a.src = tensor.Data[T](out[0]), tensor.Data[T](in[0])
	a.stream.bind(scratch, a.dst, a.src)
}

func (a *apply[T]) Run() error {
	a.b.each(len(a.dst), a)
	return nil
}

func (a *apply[T]) Do(lo, hi, worker int) {
	for ; lo < hi; lo++ {
		from, to := lo*grain, min((lo+1)*grain, len(a.dst))
		piece := a.dst[from:to]
		computed := a.stream.begin(piece, worker)
		kernel.Apply(a.f, computed, a.src[from:to])
		a.stream.end(piece, computed)
	}
}

// waits lists the functions that take less time than memory does.
var waits = map[kernel.UnaryOp]bool{
	kernel.Neg: true, kernel.Abs: true, kernel.Square: true, kernel.Floor: true, kernel.Ceil: true, kernel.Round: true,
	kernel.Relu: true, kernel.LeakyRelu: true, kernel.Clip: true, kernel.HardSigmoid: true,
}

// each runs a task over pieces of grain elements.
func (b *Backend) each(n int, task interface{ Do(lo, hi, worker int) }) {
	pool := b.pool
	if n < 4*grain {
		pool = nil
	}
	pool.For((n+grain-1)/grain, task)
}

// unary binds a function of each element; f gives its parameters.
func unary[O graph.Op](f func(o O) kernel.Unary) entry {
	return op(func(b *Backend, o O, _, out []graph.Type) (engine.Prepared, bool) {
		p := engine.Prepared{InPlace: [][]int{{0}}}
		if waits[f(o).Op] {
			p.Scratch = b.streamScratch(out[0])
		}
		switch out[0].DType {
		case tensor.Float32:
			p.Kernel = &apply[float32]{b: b, f: f(o)}
		case tensor.Float64:
			p.Kernel = &apply[float64]{b: b, f: f(o)}
		default:
			return p, false
		}
		return p, true
	}).as(func(o graph.Op) element { return element{kind: maps, unary: f(o.(O))} })
}

// plain binds a function of each element without parameters.
func plain[O graph.Op](k kernel.UnaryOp) entry {
	return unary(func(O) kernel.Unary { return kernel.Unary{Op: k} })
}

// cast reads whole numbers as floats: the first thing that happens to
// pixels.
type cast[S tensor.Element, T kernel.Float] struct {
	b    *Backend
	dst  []T
	src  []S
	conv func(dst []T, src []S)
}

func (c *cast[S, T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	c.dst, c.src = tensor.Data[T](out[0]), tensor.Data[S](in[0])
}

func (c *cast[S, T]) Run() error {
	c.b.each(len(c.dst), c)
	return nil
}

func (c *cast[S, T]) Do(lo, hi, _ int) {
	lo, hi = lo*grain, min(hi*grain, len(c.dst))
	c.conv(c.dst[lo:hi], c.src[lo:hi])
}

func number[S kernel.Number, T kernel.Float](dst []T, src []S) {
	for i, v := range src {
		dst[i] = T(v)
	}
}

func truth[T kernel.Float](dst []T, src []bool) {
	for i, v := range src {
		dst[i] = 0
		if v {
			dst[i] = 1
		}
	}
}

// castTo makes the kernel that converts an element type to T.
func castTo[T kernel.Float](b *Backend, from tensor.DType) engine.Kernel {
	switch from {
	case tensor.Uint8:
		return &cast[uint8, T]{b: b, conv: number[uint8, T]}
	case tensor.Int32:
		return &cast[int32, T]{b: b, conv: number[int32, T]}
	case tensor.Int64:
		return &cast[int64, T]{b: b, conv: number[int64, T]}
	case tensor.Float32:
		return &cast[float32, T]{b: b, conv: number[float32, T]}
	case tensor.Float64:
		return &cast[float64, T]{b: b, conv: number[float64, T]}
	case tensor.Bool:
		return &cast[bool, T]{b: b, conv: truth[T]}
	}
	return nil
}

func bindCast[O graph.Op](b *Backend, _ O, in, out []graph.Type) (engine.Prepared, bool) {
	if in[0].DType == out[0].DType {
		return engine.Prepared{View: true}, true
	}
	var k engine.Kernel
	switch out[0].DType {
	case tensor.Float32:
		k = castTo[float32](b, in[0].DType)
	case tensor.Float64:
		k = castTo[float64](b, in[0].DType)
	}
	return engine.Prepared{Kernel: k}, k != nil
}

// clip bounds each element; a bound that is left out has no elements.
type clip[T kernel.Float] struct {
	b                *Backend
	dst, src, lo, hi []T
}

func bindClip[T kernel.Float](b *Backend, _ ops.ClipOp, _, _ []graph.Type) (engine.Prepared, bool) {
	return engine.Prepared{Kernel: &clip[T]{b: b}, InPlace: [][]int{{0}}}, true
}

func (c *clip[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	c.dst, c.src = tensor.Data[T](out[0]), tensor.Data[T](in[0])
	if len(in) > 1 {
		c.lo = dataOf[T](in[1])
	}
	if len(in) > 2 {
		c.hi = dataOf[T](in[2])
	}
}

func (c *clip[T]) Run() error {
	c.b.each(len(c.dst), c)
	return nil
}

func (c *clip[T]) Do(lo, hi, _ int) {
	lo, hi = lo*grain, min(hi*grain, len(c.dst))
	dst, src := c.dst[lo:hi], c.src[lo:hi]
	if c.lo != nil {
		kernel.Zip(kernel.Max, dst, src, 1, c.lo, 0)
		src = dst
	}
	if c.hi != nil {
		kernel.Zip(kernel.Min, dst, src, 1, c.hi, 0)
		src = dst
	}
	if len(dst) > 0 && &dst[0] != &src[0] {
		copy(dst, src)
	}
}

// view binds an operator whose output is its input in another shape.
func view[O graph.Op]() entry {
	return op(func(*Backend, O, []graph.Type, []graph.Type) (engine.Prepared, bool) {
		return engine.Prepared{View: true}, true
	})
}
