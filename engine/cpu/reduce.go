package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/tensor"
)

// reduce reduces some axes of an array: the ones between a leading and a
// trailing block of kept axes in one pass, others one group after the other.
type reduce[T kernel.Number] struct {
	b      *Backend
	passes []kernel.Reduce[T]
	scale  []T // one factor of the result, or none
	// between the passes; the last one writes to dst
	scratch []T
	sizes   []int // scratch elements of each pass: result, then partial sums
}

// newReduce plans the reduction of the axes, ascending and in front of rank.
func newReduce[T kernel.Number](b *Backend, op kernel.ReduceOp, shape tensor.Shape, axes []int) *reduce[T] {
	k := &reduce[T]{b: b}
	kept := shape.Clone()
	// Groups of neighboring axes, from the last one so that earlier places stay.
	for end := len(axes); end > 0; {
		begin := end - 1
		for begin > 0 && axes[begin-1] == axes[begin]-1 {
			begin--
		}
		lo, hi := axes[begin], axes[end-1]+1
		k.passes = append(k.passes, kernel.Reduce[T]{
			Op: op, Outer: kept[:lo].Len(), Len: kept[lo:hi].Len(), Inner: kept[hi:].Len(),
		})
		kept = append(kept[:lo:lo], kept[hi:]...)
		end = begin
	}
	if len(axes) == 0 {
		k.passes = []kernel.Reduce[T]{{Op: op, Outer: shape.Len(), Len: 1, Inner: 1}}
	}
	for i := range k.passes {
		p := &k.passes[i]
		result := 0
		if i < len(k.passes)-1 {
			result = p.Outer * p.Inner
		}
		k.sizes = append(k.sizes, result, p.ScratchLen())
	}
	return k
}

func (k *reduce[T]) prepared(out graph.Type) engine.Prepared {
	n := 0
	for _, s := range k.sizes {
		n += s
	}
	return engine.Prepared{Kernel: k, Scratch: n * out.DType.Size()}
}

func (k *reduce[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	if len(scratch) > 0 {
		k.scratch = tensor.Data[T](tensor.Wrap(out[0].DType(), scratch, len(scratch)/out[0].DType().Size()))
	}
	src, rest := tensor.Data[T](in[0]), k.scratch
	for i := range k.passes {
		p := &k.passes[i]
		p.Src = src
		if i == len(k.passes)-1 {
			p.Dst = tensor.Data[T](out[0])
			break
		}
		p.Dst, rest = rest[:k.sizes[2*i]], rest[k.sizes[2*i]+k.sizes[2*i+1]:]
		src = p.Dst
	}
}

func (k *reduce[T]) Run() error {
	at := 0
	for i := range k.passes {
		at += k.sizes[2*i]
		k.passes[i].Run(k.b.pool, k.scratch[at:at+k.sizes[2*i+1]])
		at += k.sizes[2*i+1]
	}
	if k.scale != nil {
		dst := k.passes[len(k.passes)-1].Dst
		kernel.Zip(kernel.Mul, dst, dst, 1, k.scale, 0)
	}
	return nil
}

// reducedAxes are the axes that differ between a shape and the reduced one with
// kept axes of extent 1.
func reducedAxes(from, to tensor.Shape) []int {
	var axes []int
	for d := range from {
		if i := d - (len(from) - len(to)); i < 0 || to[i] != from[d] {
			axes = append(axes, d)
		}
	}
	return axes
}

// reduceOf makes the kernel for the element type; scaled divides by the number
// of elements of a mean.
func reduceOf(b *Backend, op kernel.ReduceOp, mean bool, in, out graph.Type, axes []int) (engine.Prepared, bool) {
	shape := shapeOf(in)
	count := 1
	for _, a := range axes {
		count *= shape[a]
	}
	switch out.DType {
	case tensor.Float32:
		k := newReduce[float32](b, op, shape, axes)
		if mean {
			k.scale = []float32{1 / float32(count)}
		}
		return k.prepared(out), true
	case tensor.Float64:
		k := newReduce[float64](b, op, shape, axes)
		if mean {
			k.scale = []float64{1 / float64(count)}
		}
		return k.prepared(out), true
	case tensor.Int64:
		return newReduce[int64](b, op, shape, axes).prepared(out), !mean
	}
	return engine.Prepared{}, false
}
