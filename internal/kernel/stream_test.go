package kernel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

func TestCopyStreaming(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for n := 0; n < 200; n += 1 + n/10 {
			for shift := range min(9, n+1) {
				src, dst := kerneltest.Random[float32](n, rng), kerneltest.New[float32](n)
				kernel.CopyStreaming(dst.Data[shift:], src.Data[shift:])
				dst.Check(t)
				kerneltest.Identical(t, kerneltest.Name("stream", n, shift), dst.Data[shift:], src.Data[shift:])
			}
		}
	})
}

// BenchmarkCopyStreaming compares a softmax that is written past the caches with one
// that is not.
func BenchmarkCopyStreaming(b *testing.B) {
	const rows, cols = 16384, 1024
	x, y, room := make([]float32, rows*cols), make([]float32, rows*cols), make([]float32, 4*cols)
	b.Run("direct", func(b *testing.B) {
		for b.Loop() {
			for i := 0; i < len(x); i += len(room) {
				kernel.Softmax(y[i:][:len(room)], x[i:][:len(room)], cols)
			}
		}
	})
	b.Run("streamed", func(b *testing.B) {
		for b.Loop() {
			for i := 0; i < len(x); i += len(room) {
				kernel.Softmax(room, x[i:][:len(room)], cols)
				kernel.CopyStreaming(y[i:][:len(room)], room)
			}
		}
	})
}
