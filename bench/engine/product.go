package main

import (
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/parallel"
	"github.com/emberml/ember/tensor"
)

// newGemm is a matrix product, or a batch of them, by the kernel itself.
func newGemm(threads int, w work) (subject, error) {
	switch w.DType {
	case "int8":
		return newIntGemm(threads, w)
	case "bfloat16":
		return newBFloat16Gemm(threads, w)
	}
	m, n, k, count := w.Shape[0], w.Shape[1], w.Shape[2], 1
	if len(w.Shape) > 3 {
		count = w.Shape[3]
	}
	data := func(name string, rows, cols int) []float32 {
		return tensor.Data[float32](noise(name, []int{count, rows, cols}, 1, 0))
	}
	batch := kernel.Batch[float32]{Count: count, StrideA: m * k, StrideB: k * n, StrideC: m * n}
	g := &batch.Gemm
	g.M, g.N, g.K = m, n, k
	g.A, g.RSA, g.CSA = data("a", m, k), k, 1
	if w.Trans[0] == 't' {
		g.RSA, g.CSA = 1, m
	}
	g.B, g.RSB, g.CSB = data("b", k, n), n, 1
	if w.Trans[1] == 't' {
		g.RSB, g.CSB = 1, k
	}
	g.C, g.RSC = make([]float32, count*m*n), n
	pool := parallel.New(threads)
	var run func() error
	if count > 1 {
		scratch := make([]float32, batch.ScratchLen(threads))
		run = func() error { batch.Run(pool, scratch); return nil }
	} else {
		scratch := make([]float32, g.ScratchLen(threads))
		run = func() error { g.Run(pool, scratch); return nil }
	}
	err := run()
	mnk := float64(m) * float64(n) * float64(k)
	return subject{run: run, answer: reply{
		Check: some(tensor.Of(g.C)),
		FLOPs: 2 * mnk * float64(count),
		Bytes: 4 * float64(count*(m*k+k*n+2*m*n)),
		Read:  readTime(threads, 4*count*(m*k+k*n)),
	}}, err
}

// newIntGemm is a product of int8 matrices, stored by rows, with sums in int32.
func newIntGemm(threads int, w work) (subject, error) {
	m, n, k := w.Shape[0], w.Shape[1], w.Shape[2]
	data := func(name string, rows, cols int) []int8 {
		x := tensor.Data[float32](noise(name, []int{rows, cols}, 127, 0))
		out := make([]int8, len(x))
		for i, v := range x {
			out[i] = int8(v)
		}
		return out
	}
	g := &kernel.IntGemm[int8, int8]{
		M: m, N: n, K: k, A: data("a", m, k), RSA: k, CSA: 1, B: data("b", k, n), RSB: n, CSB: 1, Sum: make([]int32, m*n), RSC: n,
	}
	pool, scratch := parallel.New(threads), make([]int32, g.ScratchLen(threads))
	g.Run(pool, scratch)
	sums := make([]float32, len(g.Sum))
	for i, v := range g.Sum {
		sums[i] = float32(v)
	}
	return productSubject(func() { g.Run(pool, scratch) }, sums, w.Shape, 1, 4), nil
}

// newBFloat16Gemm is a product of bfloat16 matrices, stored by rows.
func newBFloat16Gemm(threads int, w work) (subject, error) {
	m, n, k := w.Shape[0], w.Shape[1], w.Shape[2]
	data := func(name string, rows, cols int) []uint16 {
		x := tensor.Data[float32](noise(name, []int{rows, cols}, 1, 0))
		out := make([]uint16, len(x))
		kernel.ToBFloat16(out, x)
		return out
	}
	g := &kernel.BFloat16Gemm{
		M: m, N: n, K: k, A: data("a", m, k), RSA: k, CSA: 1, B: data("b", k, n), RSB: n, CSB: 1, C: make([]uint16, m*n), RSC: n,
	}
	pool, scratch := parallel.New(threads), make([]float32, g.ScratchLen(threads))
	g.Run(pool, scratch)
	result := make([]float32, len(g.C))
	kernel.FromBFloat16(result, g.C)
	return productSubject(func() { g.Run(pool, scratch) }, result, w.Shape, 2, 2), nil
}

// productSubject is a product of operands of so many bytes an element.
func productSubject(run func(), result []float32, shape []int, in, out int) subject {
	m, n, k := shape[0], shape[1], shape[2]
	return subject{
		run: func() error { run(); return nil },
		answer: reply{
			Check: some(tensor.Of(result)),
			FLOPs: 2 * float64(m) * float64(n) * float64(k),
			Bytes: float64(in*(m*k+k*n) + 2*out*m*n),
		},
	}
}
