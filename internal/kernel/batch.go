package kernel

import "github.com/emberml/ember/internal/parallel"

// Batch is many matrix products of one shape:
//
//	for i < Count: Gemm with A[i*StrideA:], B[i*StrideB:], C[i*StrideC:]
//
// A stride of 0 shares an operand; offsets, where there are any, stand in for
// the multiples of its stride. The results do not overlap. Each product's
// bits are those of [Gemm].
type Batch[T Float] struct {
	Gemm[T]
	Count                     int
	StrideA, StrideB, StrideC int
	OffsetsA, OffsetsB        []int // Count elements each, or nil

	scratch []T
}

// ScratchLen returns the number of elements of scratch memory that Run needs
// with a pool of the given number of threads.
func (b *Batch[T]) ScratchLen(threads int) int {
	if b.spread(threads) {
		return threads * b.Gemm.ScratchLen(1)
	}
	return b.Gemm.ScratchLen(threads)
}

// spread reports whether threads take whole products rather than share one.
func (b *Batch[T]) spread(threads int) bool {
	return b.Count >= 2*threads || b.M*b.N*b.K < 1<<15
}

// Run computes all products. scratch has at least ScratchLen elements, and its
// content is lost.
func (b *Batch[T]) Run(pool *parallel.Pool, scratch []T) {
	threads := pool.Threads()
	if b.spread(threads) {
		b.scratch = scratch[:threads*b.Gemm.ScratchLen(1)]
		pool.For(b.Count, (*batchTask[T])(b))
		b.scratch = nil
		return
	}
	a0, b0, c0 := b.A, b.B, b.C
	for i := range b.Count {
		b.A, b.B, b.C = a0[offset(b.OffsetsA, b.StrideA, i):], b0[offset(b.OffsetsB, b.StrideB, i):], c0[i*b.StrideC:]
		b.Gemm.Run(pool, scratch)
	}
	b.A, b.B, b.C = a0, b0, c0
}

type batchTask[T Float] Batch[T]

func (b *batchTask[T]) Do(lo, hi, worker int) {
	g := b.Gemm
	n := g.ScratchLen(1)
	scratch := b.scratch[worker*n:][:n]
	for i := lo; i < hi; i++ {
		g.A, g.B, g.C = b.A[offset(b.OffsetsA, b.StrideA, i):], b.B[offset(b.OffsetsB, b.StrideB, i):], b.C[i*b.StrideC:]
		g.serial(scratch, i > lo)
	}
}

// offset returns where operand i begins.
func offset(offsets []int, stride, i int) int {
	if offsets != nil {
		return offsets[i]
	}
	return i * stride
}
