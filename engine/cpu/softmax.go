package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// rowFunc is a function of each row of one or two arrays along an axis.
type rowFunc[T kernel.Float] struct {
	b           *Backend
	f           func(dst, x, y []T, cols int)
	cols, inner int // a row, and how far apart its elements are
	width       int // rows that are turned at a time where inner is not 1
	dst         []T
	in          [2][]T
	scratch     []T // for each worker the results, then the inputs
}

// bindRows plans a function of the rows of as many arrays along an axis.
func bindRows[T kernel.Float](b *Backend, f func(dst, x, y []T, cols int), arrays, axis int, out graph.Type) (engine.Prepared, bool) {
	s := shapeOf(out)
	if len(s) == 0 {
		return engine.Prepared{}, false
	}
	_, cols, inner := axisView(s, axis)
	k := &rowFunc[T]{b: b, f: f, cols: cols, inner: inner}
	inputs := []int{0, 1}
	p := engine.Prepared{Kernel: k, InPlace: [][]int{inputs[:arrays]}}
	if inner > 1 && cols > 0 {
		k.width = min(max(grain/cols, 16), inner)
		p.Scratch = b.Threads() * k.workerLen() * out.DType.Size()
	}
	return p, true
}

// workerLen is how many elements of scratch memory a worker has: room for two
// arrays, of which the result takes the place of the first.
func (k *rowFunc[T]) workerLen() int { return 2 * k.width * k.cols }

func (k *rowFunc[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.dst, k.scratch = tensor.Data[T](out[0]), scratchOf[T](scratch)
	for i, t := range in {
		k.in[i] = tensor.Data[T](t)
	}
}

func (k *rowFunc[T]) Run() error {
	if len(k.dst) == 0 {
		return nil
	}
	pool := k.b.pool
	if len(k.dst) < 4*grain {
		pool = nil
	}
	n := len(k.dst) / k.cols
	if k.inner > 1 {
		n = n / k.inner * k.pieces()
	}
	pool.For(n, k)
	return nil
}

// pieces is how many times a plane of cols by inner is turned.
func (k *rowFunc[T]) pieces() int { return (k.inner + k.width - 1) / k.width }

func (k *rowFunc[T]) Do(lo, hi, worker int) {
	if k.inner == 1 {
		from, to := lo*k.cols, hi*k.cols
		var second []T
		if k.in[1] != nil {
			second = k.in[1][from:to]
		}
		k.f(k.dst[from:to], k.in[0][from:to], second, k.cols)
		return
	}
	mine := k.scratch[worker*k.workerLen():][:k.workerLen()]
	for i := lo; i < hi; i++ {
		at := i % k.pieces() * k.width
		rows := min(k.width, k.inner-at)
		at += i / k.pieces() * k.cols * k.inner
		var turned [2][]T
		for j, x := range k.in {
			if x != nil {
				turned[j] = mine[j*len(mine)/2:][:rows*k.cols]
				kernel.Transpose(turned[j], k.cols, x[at:], k.inner, k.cols, rows)
			}
		}
		k.f(turned[0], turned[0], turned[1], k.cols)
		kernel.Transpose(k.dst[at:], k.inner, turned[0], k.cols, rows, k.cols)
	}
}

// ofOne is a function of the rows of one array.
func ofOne[T kernel.Float](f func(dst, x []T, cols int)) func(dst, x, _ []T, cols int) {
	return func(dst, x, _ []T, cols int) { f(dst, x, cols) }
}

func bindSoftmax[T kernel.Float](b *Backend, o ops.SoftmaxOp, _, out []graph.Type) (engine.Prepared, bool) {
	return bindRows(b, ofOne(kernel.Softmax[T]), 1, o.Axis.Or(-1), out[0])
}

func bindLogSoftmax[T kernel.Float](b *Backend, o ops.LogSoftmaxOp, _, out []graph.Type) (engine.Prepared, bool) {
	return bindRows(b, ofOne(kernel.LogSoftmax[T]), 1, o.Axis.Or(-1), out[0])
}

func bindSoftmaxGrad[T kernel.Float](b *Backend, o ops.SoftmaxGradOp, _, out []graph.Type) (engine.Prepared, bool) {
	return bindRows(b, func(dx, dy, y []T, cols int) { kernel.SoftmaxGrad(dx, y, dy, cols) }, 2, o.Axis.Or(-1), out[0])
}

func bindLogSoftmaxGrad[T kernel.Float](b *Backend, o ops.LogSoftmaxGradOp, _, out []graph.Type) (engine.Prepared, bool) {
	return bindRows(b, func(dx, dy, y []T, cols int) { kernel.LogSoftmaxGrad(dx, y, dy, cols) }, 2, o.Axis.Or(-1), out[0])
}

// crossEntropy is the loss of rows of logits, or its gradient.
type crossEntropy[T kernel.Float] struct {
	b      *Backend
	c      kernel.CrossEntropy[T]
	loss   []T // or the gradient by it
	x, dx  []T // without dx it is the loss
	target []int64

	scratch []T     // for each worker
	failed  []error // of each worker
}

func newCrossEntropy[T kernel.Float](b *Backend, o ops.SoftmaxCrossEntropyOp, x graph.Type) *crossEntropy[T] {
	s := shapeOf(x)
	return &crossEntropy[T]{
		b: b, c: kernel.CrossEntropy[T]{Cols: s[len(s)-1], Smoothing: o.Smoothing},
		failed: make([]error, b.Threads()),
	}
}

func bindCrossEntropy[T kernel.Float](b *Backend, o ops.SoftmaxCrossEntropyOp, in, _ []graph.Type) (engine.Prepared, bool) {
	k := newCrossEntropy[T](b, o, in[0])
	return engine.Prepared{Kernel: k, Scratch: k.scratchSize(in[0])}, true
}

func bindCrossEntropyGrad[T kernel.Float](b *Backend, o ops.SoftmaxCrossEntropyGradOp, in, _ []graph.Type) (engine.Prepared, bool) {
	k := newCrossEntropy[T](b, ops.SoftmaxCrossEntropyOp(o), in[1])
	return engine.Prepared{Kernel: crossEntropyGrad[T]{k}, InPlace: [][]int{{1}}, Scratch: k.scratchSize(in[1])}, true
}

// scratchSize is in bytes.
func (k *crossEntropy[T]) scratchSize(x graph.Type) int {
	return k.b.Threads() * k.c.ScratchLen() * x.DType.Size()
}

func (k *crossEntropy[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.bind(in, scratch)
	k.loss = tensor.Data[T](out[0])
}

func (k *crossEntropy[T]) bind(in []*tensor.Tensor, scratch []byte) {
	k.scratch = scratchOf[T](scratch)
	k.x, k.target = tensor.Data[T](in[0]), tensor.Data[int64](in[1])
	if len(in) > 2 {
		k.c.Weight = dataOf[T](in[2])
	}
}

func (k *crossEntropy[T]) Run() error {
	pool := k.b.pool
	if len(k.x) < 4*grain {
		pool = nil
	}
	clear(k.failed)
	pool.For(len(k.loss), k)
	for _, err := range k.failed {
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *crossEntropy[T]) Do(lo, hi, worker int) {
	x, scratch := k.x[lo*k.c.Cols:hi*k.c.Cols], k.scratch[worker*k.c.ScratchLen():]
	var err error
	if k.dx == nil {
		err = k.c.Forward(k.loss[lo:hi], x, k.target[lo:hi], scratch)
	} else {
		err = k.c.Backward(k.dx[lo*k.c.Cols:hi*k.c.Cols], k.loss[lo:hi], x, k.target[lo:hi], scratch)
	}
	if err != nil {
		k.failed[worker] = err
	}
}

// crossEntropyGrad differs from the loss in its arguments.
type crossEntropyGrad[T kernel.Float] struct{ *crossEntropy[T] }

func (k crossEntropyGrad[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.bind(in[1:], scratch)
	k.loss, k.dx = tensor.Data[T](in[0]), tensor.Data[T](out[0])
}
