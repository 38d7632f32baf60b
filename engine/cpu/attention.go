package cpu

import (
	"math"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// attention is softmax(Q·Kᵀ)·V, or its gradient.
type attention[T kernel.Float] struct {
	b               *Backend
	a               kernel.Attention[T]
	random          ops.RandomUniformOp
	key, index      []int64
	q, k, v, y, lse []T
	backward        bool
	dy, dq, dk, dv  []T
	scratch         []T
	extensions      []extension[T] // the past before keys and values
}

// The inputs of an attention after queries, keys and values.
const (
	maskInput    = 3
	pastInput    = 4
	lengthsInput = 6
	keyInput     = 7
	indexInput   = 8
)

// newAttention plans an attention. One that gives its scores, or has a past and
// does not give the keys and values with it, is left to the definition.
func newAttention[T kernel.Float](b *Backend, o ops.AttentionOp, in []graph.Type) (*attention[T], bool) {
	l, err := o.Layout(in)
	if err != nil || o.Scores || !o.Present && !l.Past.Is(0) {
		return nil, false
	}
	size := func(d graph.Dim) int { n, _ := d.Size(); return n }
	k := &attention[T]{b: b, random: ops.RandomUniformOp{Purpose: o.Purpose}, a: kernel.Attention[T]{
		Batch: size(l.Batch), Heads: l.Heads, KeyHeads: l.KeyHeads, Queries: size(l.Queries), Keys: size(l.Keys),
		Size: l.Size, ValueSize: l.ValueSize,
		Scale: T(o.Scale.Or(1 / math.Sqrt(float64(l.Size)))), Softcap: T(o.Softcap), Dropout: T(o.Dropout),
		Left: o.LeftWindow.Or(-1), Right: o.RightWindow.Or(-1),
	}}
	a := &k.a
	a.QAt, a.KAt, a.VAt, a.YAt = l.Views()
	if o.Present {
		a.Past = size(l.Past)
		k.present(l)
	}
	if o.Causal {
		a.Right = 0
	}
	if len(in) > maskInput && in[maskInput].Present() {
		a.MaskStep, a.MaskKeys = maskSteps(shapeOf(in[maskInput]), a.Keys)
	}
	a.Streams = func(sample int) kernel.Stream { return k.random.Stream(k.key[0], k.key[1], k.index[sample]) }
	return k, a.Batch*a.Queries*a.Keys > 0
}

// present plans that keys and values are written with the past before them, and
// read from there.
func (k *attention[T]) present(l ops.AttentionLayout) {
	a := &k.a
	alone := l
	alone.Keys, alone.Past = graph.Known(a.Keys-a.Past), graph.Known(0)
	_, keys, values, _ := alone.Views()
	k.extensions = []extension[T]{
		{from: keys, steps: a.Past, added: a.Keys - a.Past, n: l.Size},
		{from: values, steps: a.Past, added: a.Keys - a.Past, n: l.ValueSize},
	}
	heads := func(size int) kernel.HeadView {
		return kernel.HeadView{Batch: a.KeyHeads * a.Keys * size, Head: a.Keys * size, Row: size}
	}
	a.KAt, a.VAt = heads(l.Size), heads(l.ValueSize)
}

// maskSteps are the strides of a mask that broadcasts to the scores, and the keys
// of which it tells.
func maskSteps(shape tensor.Shape, keys int) (step [4]int, maskKeys int) {
	stride := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] > 1 {
			step[4-len(shape)+i] = stride
		}
		stride *= shape[i]
	}
	if last := shape[len(shape)-1]; last > 1 {
		keys = last
	}
	return step, keys
}

func bindAttention[T kernel.Float](b *Backend, o ops.AttentionOp, in, out []graph.Type) (engine.Prepared, bool) {
	k, ok := newAttention[T](b, o, in)
	if !ok {
		return engine.Prepared{}, false
	}
	return engine.Prepared{Kernel: k, Scratch: k.a.ScratchLen(b.Threads()) * out[0].DType.Size()}, true
}

func bindAttentionGrad[T kernel.Float](b *Backend, o ops.AttentionGradOp, in, out []graph.Type) (engine.Prepared, bool) {
	forward := ops.AttentionOp(o)
	forward.Present = false // these outputs have no gradient here
	k, ok := newAttention[T](b, forward, in[3:])
	if !ok {
		return engine.Prepared{}, false
	}
	k.backward = true
	return engine.Prepared{Kernel: k, Scratch: k.a.ScratchLen(b.Threads()) * out[0].DType.Size()}, true
}

// extension writes the heads of a past and those that follow it as one.
type extension[T kernel.Float] struct {
	dst, past, next []T
	from            kernel.HeadView
	steps, added, n int // of the past, of what follows, and the size of a step
}

// head writes one head, counted over all samples.
func (e *extension[T]) head(at, heads int) {
	to := e.dst[at*(e.steps+e.added)*e.n:]
	copy(to[:e.steps*e.n], e.past[at*e.steps*e.n:])
	to = to[e.steps*e.n:]
	for i := range e.added {
		copy(to[i*e.n:][:e.n], e.next[e.from.At(at/heads, at%heads)+i*e.from.Row:])
	}
}

func (k *attention[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.scratch = scratchOf[T](scratch)
	if k.backward {
		k.dy, k.y, k.lse = tensor.Data[T](in[0]), tensor.Data[T](in[1]), tensor.Data[T](in[2])
		in = in[3:]
		k.dq = tensor.Data[T](out[0])
		k.dk, k.dv = k.dq, k.dq
		if len(in) > 1 && in[1] != nil {
			k.dk, k.dv = tensor.Data[T](out[1]), tensor.Data[T](out[2])
		}
	} else {
		k.y, k.lse = tensor.Data[T](out[0]), tensor.Data[T](out[4])
	}
	at := func(i int) *tensor.Tensor {
		if i < len(in) {
			return in[i]
		}
		return nil
	}
	k.q = tensor.Data[T](in[0])
	k.k, k.v = k.q, k.q // packed
	if at(1) != nil {
		k.k, k.v = tensor.Data[T](in[1]), tensor.Data[T](in[2])
	}
	for i := range k.extensions {
		e := &k.extensions[i]
		e.dst, e.past, e.next = tensor.Data[T](out[1+i]), dataOf[T](at(pastInput+i)), tensor.Data[T](in[1+i])
	}
	if len(k.extensions) > 0 {
		k.k, k.v = k.extensions[0].dst, k.extensions[1].dst
	}
	if mask := at(maskInput); mask != nil {
		if mask.DType() == tensor.Bool {
			k.a.Allow = bitsOf[uint8](mask)
		} else {
			k.a.Add = tensor.Data[T](mask)
		}
	}
	k.a.Lengths = dataOf[int64](at(lengthsInput))
	k.key, k.index = dataOf[int64](at(keyInput)), dataOf[int64](at(indexInput))
}

func (k *attention[T]) Run() error {
	if err := k.a.CheckLengths(); err != nil {
		return err
	}
	for i := range k.extensions {
		for head := range k.a.Batch * k.a.KeyHeads {
			k.extensions[i].head(head, k.a.KeyHeads)
		}
	}
	if k.backward {
		k.a.Backward(k.b.pool, k.dq, k.dk, k.dv, k.dy, k.y, k.lse, k.q, k.k, k.v, k.scratch)
	} else {
		k.a.Forward(k.b.pool, k.y, k.lse, k.q, k.k, k.v, k.scratch)
	}
	return nil
}
