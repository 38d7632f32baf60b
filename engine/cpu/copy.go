package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// bits are elements of which only the size matters.
type bits interface {
	uint8 | uint16 | uint32 | uint64
}

// bitsOf sees a tensor's elements as unsigned numbers of their size.
func bitsOf[T bits](t *tensor.Tensor) []T {
	return tensor.Data[T](tensor.Wrap(tensor.DTypeOf[T](), t.Bytes(), t.Len()))
}

// strided copies a strided view of its input to its output in order:
// transposition, slicing and broadcasting.
type strided[T bits] struct {
	b       *Backend
	offset  int
	shape   tensor.Shape
	strides []int
	rows    int // product of the dimensions that threads share
	split   int // how many dimensions those are
	dst     []T
	src     []T
}

// newStrided makes the kernel that reads the view (offset, strides) of its
// first input in the order of the output's shape; nil for text.
func newStrided(b *Backend, dt tensor.DType, offset int, shape tensor.Shape, strides []int) engine.Kernel {
	switch dt.Size() {
	case 1:
		return stridedOf[uint8](b, offset, shape, strides)
	case 2:
		return stridedOf[uint16](b, offset, shape, strides)
	case 4:
		return stridedOf[uint32](b, offset, shape, strides)
	case 8:
		return stridedOf[uint64](b, offset, shape, strides)
	}
	return nil
}

func stridedOf[T bits](b *Backend, offset int, shape tensor.Shape, strides []int) engine.Kernel {
	k := &strided[T]{b: b, offset: offset, shape: shape, strides: strides, rows: 1}
	// Threads share leading dimensions until pieces are small; the last two
	// stay together, where a transposed plane is copied in blocks.
	for k.split < len(shape)-2 && shape[k.split:].Len() > grain {
		k.rows *= shape[k.split]
		k.split++
	}
	return k
}

func (k *strided[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.dst, k.src = bitsOf[T](out[0]), bitsOf[T](in[0])
}

func (k *strided[T]) Run() error {
	if len(k.dst) > 0 {
		k.b.pool.For(k.rows, k)
	}
	return nil
}

func (k *strided[T]) Do(lo, hi, _ int) {
	n := len(k.dst) / k.rows
	for r := lo; r < hi; r++ {
		offset, rest := k.offset, r
		for d := k.split - 1; d >= 0; d-- {
			offset += rest % k.shape[d] * k.strides[d]
			rest /= k.shape[d]
		}
		kernel.Copy(k.dst[r*n:(r+1)*n], k.src, offset, k.shape[k.split:], k.strides[k.split:])
	}
}

// rowMajor are the strides of a contiguous array.
func rowMajor(s tensor.Shape) []int {
	strides := make([]int, len(s))
	step := 1
	for d := len(s) - 1; d >= 0; d-- {
		strides[d] = step
		step *= s[d]
	}
	return strides
}

func bindTranspose(b *Backend, o ops.TransposeOp, in, out []graph.Type) (engine.Prepared, bool) {
	from := rowMajor(shapeOf(in[0]))
	strides := make([]int, len(from))
	perm := o.Perm.Slice()
	for i := range strides {
		p := len(strides) - 1 - i
		if len(perm) > 0 {
			p = perm[i]
		}
		if p < 0 {
			p += len(strides)
		}
		strides[i] = from[p]
	}
	k := newStrided(b, in[0].DType, 0, shapeOf(out[0]), strides)
	return engine.Prepared{Kernel: k}, k != nil
}

func bindSlice(b *Backend, o ops.SliceOp, in, out []graph.Type) (engine.Prepared, bool) {
	offset, strides, err := o.View(in)
	if err != nil {
		return engine.Prepared{}, false
	}
	k := newStrided(b, in[0].DType, offset, shapeOf(out[0]), strides)
	return engine.Prepared{Kernel: k}, k != nil
}

// expand binds the operators that broadcast their first input.
func expand[O graph.Op](b *Backend, _ O, in, out []graph.Type) (engine.Prepared, bool) {
	to := shapeOf(out[0])
	k := newStrided(b, in[0].DType, 0, to, broadcastStrides(shapeOf(in[0]), len(to)))
	return engine.Prepared{Kernel: k}, k != nil
}

// join copies whole inputs next to each other, or parts out of one input: the
// arrays seen as [outer, own size, inner], all of one element size.
type join struct {
	outer int
	sizes []int // bytes of each part in one outer step
	whole int   // bytes of one outer step of the joined array
	split bool  // from the joined array to the parts
	parts [][]byte
	all   []byte
}

func (k *join) Bind(in, out []*tensor.Tensor, _ []byte) {
	whole, parts := out[0], in
	if k.split {
		whole, parts = in[0], out
	}
	k.all = whole.Bytes()
	k.parts = k.parts[:0]
	for _, p := range parts {
		k.parts = append(k.parts, p.Bytes())
	}
}

func (k *join) Run() error {
	at := 0
	for i, n := range k.sizes {
		for o := range k.outer {
			whole, part := k.all[o*k.whole+at:][:n], k.parts[i][o*n:][:n]
			if k.split {
				copy(part, whole)
			} else {
				copy(whole, part)
			}
		}
		at += n
	}
	return nil
}

// newJoin plans the join of parts along an axis.
func newJoin(axis int, parts []graph.Type, split bool) (engine.Prepared, bool) {
	if parts[0].DType.Size() == 0 {
		return engine.Prepared{}, false
	}
	first := shapeOf(parts[0])
	if axis < 0 {
		axis += len(first)
	}
	k := &join{outer: first[:axis].Len(), split: split}
	for _, p := range parts {
		n := shapeOf(p)[axis:].Len() * p.DType.Size()
		k.sizes = append(k.sizes, n)
		k.whole += n
	}
	return engine.Prepared{Kernel: k}, true
}

func bindConcat(_ *Backend, o ops.ConcatOp, in, _ []graph.Type) (engine.Prepared, bool) {
	return newJoin(o.Axis, in, false)
}

func bindSplit(_ *Backend, o ops.SplitOp, _, out []graph.Type) (engine.Prepared, bool) {
	return newJoin(o.Axis, out, true)
}
