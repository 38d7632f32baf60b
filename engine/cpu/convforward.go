package cpu

import (
	"math"
	"slices"

	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// convolution is a convolution and what follows it. The normalization by given
// statistics goes into its weights and its bias:
//
//	scale = gain/√(variance + ε), shift = (bias - mean)·scale + normalization's bias
type convolution[T kernel.Float] struct {
	b       *Backend
	c       kernel.Conv[T]
	end     ending
	x, w    int // among the inputs
	in      []*tensor.Tensor
	bias    []T // with the normalization in it, if there is one
	scale   []T // of each output channel, if there is a normalization
	scratch []T
	packed  bool
	data    [3][]T // x, w and the result
}

func bindConv[T kernel.Float](b *Backend, o ops.ConvOp, in, _ []graph.Type) (engine.Prepared, bool) {
	e := ending{bias: -1, residual: -1}
	if len(in) > 2 && in[2].Present() {
		e.bias = 2
	}
	return newConvolution[T](b, o, e, in, 0, 1)
}

// newConvolution is the convolution of inputs x and w with an ending.
func newConvolution[T kernel.Float](b *Backend, o ops.ConvOp, e ending, types []graph.Type, x, w int) (engine.Prepared, bool) {
	c, ok := planConv[T](o, types[x], types[w])
	if !ok {
		return engine.Prepared{}, false
	}
	k := &convolution[T]{b: b, c: c, end: e, x: x, w: w}
	k.c.Activation = e.activation
	size, scratch := types[x].DType.Size(), k.c.ScratchLen(kernel.ConvForward, b.Threads())
	packing := &engine.Packing{
		Inputs: []int{w}, Form: packedConv{c.Groups, e.epsilon},
		Size: k.c.PackedLen() * size, Pack: k.pack, Use: k.use,
	}
	if k.end.norm != nil {
		scratch += 2 * c.M
		packing.Size += 2 * c.M * size
		packing.Inputs = append(packing.Inputs, e.norm...)
		if e.bias >= 0 {
			packing.Inputs = append(packing.Inputs, e.bias)
		}
	}
	return engine.Prepared{Kernel: k, Scratch: scratch * size, Packing: packing}, true
}

// packedConv is what the packing depends on but for the inputs.
type packedConv struct {
	groups  int
	epsilon float64
}

func (k *convolution[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.in = slices.Clone(in)
	k.data = [3][]T{tensor.Data[T](in[k.x]), tensor.Data[T](in[k.w]), tensor.Data[T](out[0])}
	if k.end.bias >= 0 {
		k.bias = tensor.Data[T](in[k.end.bias])
	}
	if k.end.residual >= 0 {
		k.c.Residual = tensor.Data[T](in[k.end.residual])
	}
	k.scratch = scratchOf[T](scratch)
	if k.end.norm != nil {
		k.scale, k.bias, k.scratch = k.norms(k.scratch)
	}
}

// norms cuts scale and shift off memory.
func (k *convolution[T]) norms(mem []T) (scale, shift, rest []T) {
	m := k.c.M
	return mem[:m], mem[m : 2*m], mem[2*m:]
}

// fold computes scale and shift from the inputs.
func (k *convolution[T]) fold(scale, shift []T, in []*tensor.Tensor) {
	var parts [4][]T
	for i, at := range k.end.norm {
		parts[i] = tensor.Data[T](in[at])
	}
	gain, offset, mean, variance := parts[0], parts[1], parts[2], parts[3]
	var bias []T
	if k.end.bias >= 0 {
		bias = tensor.Data[T](in[k.end.bias])
	}
	for i := range scale {
		s := float64(gain[i]) / math.Sqrt(float64(variance[i])+k.end.epsilon)
		from := -float64(mean[i])
		if bias != nil {
			from += float64(bias[i])
		}
		scale[i], shift[i] = T(s), T(from*s+float64(offset[i]))
	}
}

// pack is the kernel's [engine.Packing]: scale and shift, if there is a
// normalization, and the weights.
func (k *convolution[T]) pack(dst []byte, in []*tensor.Tensor) {
	c, mem := k.c, scratchOf[T](dst)
	if k.end.norm != nil {
		var shift []T
		c.Scale, shift, mem = k.norms(mem)
		k.fold(c.Scale, shift, in)
	}
	c.Pack(k.b.pool, mem, tensor.Data[T](in[k.w]))
}

func (k *convolution[T]) use(packed []byte) {
	mem := scratchOf[T](packed)
	if k.end.norm != nil {
		_, k.bias, mem = k.norms(mem)
	}
	k.c.Packed, k.packed = mem, true
}

func (k *convolution[T]) Run() error {
	if k.end.norm != nil && !k.packed {
		k.fold(k.scale, k.bias, k.in)
		k.c.Scale = k.scale
	}
	k.c.Forward(k.b.pool, k.data[2], k.data[0], k.data[1], k.bias, k.scratch)
	return nil
}
