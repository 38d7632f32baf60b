package main

import (
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/parallel"
	"github.com/emberml/ember/tensor"
)

// newGemm is a matrix product, or a batch of them, by the kernel itself.
func newGemm(threads int, w work) (subject, error) {
	if w.DType != "float32" {
		return subject{}, skip("no " + w.DType + " kernel yet")
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
	run := func() error { return nil }
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
	}}, err
}
