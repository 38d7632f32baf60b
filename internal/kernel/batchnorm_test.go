package kernel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

// TestBatchNormVariants compares the variants with the definition in float64,
// for lengths about those of vectors.
func TestBatchNormVariants(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		for s := 1; s < 45; s++ {
			const n, c = 3, 2
			rng := rand.New(rand.NewPCG(uint64(s), 5))
			x, dy := kerneltest.Random[float32](n*c*s, rng), kerneltest.Random[float32](n*c*s, rng)
			want := batchNorm(t, s, float64s(x.Data), float64s(dy.Data))
			got := batchNorm(t, s, x.Data, dy.Data)
			x.Check(t)
			for i, name := range []string{"mean", "variance", "y", "dx", "gain", "bias"} {
				kerneltest.Close(t, kerneltest.Name(name, s), got[i].Data, float32s(want[i].Data), 3e-5)
				got[i].Check(t)
			}
		}
	})
}

// batchNorm normalizes [3, 2, s] and returns all results.
func batchNorm[T kernel.Float](t *testing.T, s int, x, dy []T) [6]*kerneltest.Buffer[T] {
	const n, c = 3, 2
	var out [6]*kerneltest.Buffer[T]
	for i := range out {
		out[i] = kerneltest.NaN[T](c)
	}
	out[2], out[3] = kerneltest.NaN[T](n*c*s), kerneltest.NaN[T](n*c*s)
	b := &kernel.BatchNorm[T]{
		N: n, C: c, S: s, Epsilon: 1e-2, Gain: []T{1.5, -2}, Bias: []T{0.25, 3},
		Mean: out[0].Data, Var: out[1].Data,
	}
	b.Forward(nil, out[2].Data, x)
	applied := kerneltest.NaN[T](n * c * s)
	b.Apply(nil, applied.Data, x)
	kerneltest.Identical(t, "with statistics that are there", applied.Data, out[2].Data)
	b.Backward(nil, out[3].Data, out[4].Data, out[5].Data, dy, x)
	return out
}
