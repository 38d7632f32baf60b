package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// gemm is Y = alpha·A'·B' + beta·C. A C that is one row goes into the product
// as its bias; any other is first written to Y.
type gemm[T kernel.Float] struct {
	b       *Backend
	g       kernel.Gemm[T]
	scratch []T
	spread  []int // C's strides over Y, where it is not a row
	c       []T
	shape   tensor.Shape
}

func bindGemm[T kernel.Float](b *Backend, o ops.GemmOp, in, out []graph.Type) (engine.Prepared, bool) {
	alpha, beta := o.Alpha.Or(1), o.Beta.Or(1)
	if alpha == 0 {
		return engine.Prepared{}, false
	}
	a, y := shapeOf(in[0]), shapeOf(out[0])
	k := &gemm[T]{b: b, shape: y}
	g := &k.g
	g.M, g.N, g.RSC, g.Alpha = y[0], y[1], max(1, y[1]), T(alpha)
	g.K, g.RSA, g.CSA = a[1], a[1], 1
	if o.TransA {
		g.K, g.RSA, g.CSA = a[0], 1, a[1]
	}
	g.RSB, g.CSB = g.N, 1
	if o.TransB {
		g.RSB, g.CSB = 1, g.K
	}
	if len(in) > 2 && in[2].Present() {
		c := shapeOf(in[2])
		row := len(c) > 0 && c[len(c)-1] == g.N && c.Len() == g.N && beta == 1
		if !row {
			k.spread, g.Beta = broadcastStrides(c, 2), T(beta)
		}
	}
	return engine.Prepared{Kernel: k, Scratch: g.ScratchLen(b.Threads()) * out[0].DType.Size(), Packing: packRight(g, 1)}, true
}

// packRight is the packing of the right operand of a product, which is an input;
// nil where the product reads it best as it is. Where it is packed, a row of the
// result has the same bits whatever the other rows.
func packRight[T kernel.Float](g *kernel.Gemm[T], input int) *engine.Packing {
	if g.K == 0 || g.N <= 1 || g.M == 1 && g.CSB == 1 {
		return nil
	}
	return &engine.Packing{
		Inputs: []int{input},
		Form:   packedRight{g.N, g.RSB, g.CSB},
		Size:   g.PackedLen() * tensor.DTypeOf[T]().Size(),
		Pack: func(dst []byte, in []*tensor.Tensor) {
			p := *g
			p.B = tensor.Data[T](in[input])
			p.PackB(scratchOf[T](dst))
		},
		Use: func(packed []byte) { g.B, g.Packed = nil, g.PackedBefore(scratchOf[T](packed)) },
	}
}

// packedRight is the form of a packed right operand.
type packedRight struct{ n, rsb, csb int }

func (k *gemm[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.g.A, k.g.B, k.g.C = tensor.Data[T](in[0]), tensor.Data[T](in[1]), tensor.Data[T](out[0])
	k.scratch = scratchOf[T](scratch)
	if len(in) > 2 && in[2] != nil {
		if k.spread != nil {
			k.c = tensor.Data[T](in[2])
		} else {
			k.g.Bias = tensor.Data[T](in[2])
		}
	}
}

func (k *gemm[T]) Run() error {
	if k.spread != nil {
		kernel.Copy(k.g.C, k.c, 0, k.shape, k.spread)
	}
	k.g.Run(k.b.pool, k.scratch)
	return nil
}

// product is a matrix product of the last two axes.
type product[T kernel.Float] struct {
	b       *Backend
	batch   kernel.Batch[T]
	scratch []T
}

// bindMatMul binds products with any broadcast of the leading axes.
func bindMatMul[T kernel.Float](b *Backend, _ ops.MatMulOp, in, out []graph.Type) (engine.Prepared, bool) {
	x, y := shapeOf(in[0]), shapeOf(in[1])
	if len(x) == 1 {
		x = append(tensor.Shape{1}, x...)
	}
	if len(y) == 1 {
		y = append(y.Clone(), 1)
	}
	rx, ry := len(x), len(y)
	k := &product[T]{b: b}
	p := &k.batch
	p.M, p.K, p.N, p.Count = x[rx-2], x[rx-1], y[ry-1], 1
	switch {
	case ry == 2: // the leading axes of x are rows
		p.M *= x[:rx-2].Len()
	case rx == 2 || x[:rx-2].Equal(y[:ry-2]):
		p.Count = y[:ry-2].Len()
		if rx > 2 {
			p.StrideA = p.M * p.K
		}
		p.StrideB, p.StrideC = p.K*p.N, p.M*p.N
	default: // both have at least two axes, as has the result
		lead := shapeOf(out[0])
		lead = lead[:len(lead)-2]
		p.Count, p.StrideC = lead.Len(), p.M*p.N
		p.OffsetsA = offsets(x[:rx-2], lead, p.M*p.K)
		p.OffsetsB = offsets(y[:ry-2], lead, p.K*p.N)
	}
	p.RSA, p.CSA, p.RSB, p.CSB, p.RSC = p.K, 1, p.N, 1, max(1, p.N)
	prepared := engine.Prepared{Kernel: k, Scratch: p.ScratchLen(b.Threads()) * out[0].DType.Size()}
	if p.Count == 1 {
		prepared.Packing = packRight(&p.Gemm, 1)
	}
	return prepared, true
}

// offsets returns where the matrices of size elements begin that an operand with
// leading axes of the given shape contributes to each product of a broadcast.
func offsets(shape, lead tensor.Shape, size int) []int {
	all := make([]int, shape.Len())
	for i := range all {
		all[i] = i * size
	}
	out := make([]int, lead.Len())
	kernel.Copy(out, all, 0, lead, broadcastStrides(shape, len(lead)))
	return out
}

func (k *product[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.batch.A, k.batch.B, k.batch.C = tensor.Data[T](in[0]), tensor.Data[T](in[1]), tensor.Data[T](out[0])
	k.scratch = scratchOf[T](scratch)
}

func (k *product[T]) Run() error {
	k.batch.Run(k.b.pool, k.scratch)
	return nil
}
