package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// newBatchNorm is the normalization of an array [N, C, …].
func newBatchNorm[T kernel.Float](x graph.Type, epsilon ops.Opt[float64]) kernel.BatchNorm[T] {
	s := shapeOf(x)
	return kernel.BatchNorm[T]{N: s[0], C: s[1], S: s[2:].Len(), Epsilon: epsilon.Or(1e-5)}
}

// batchNorm normalizes by given statistics, or by those of the batch.
type batchNorm[T kernel.Float] struct {
	b     *Backend
	n     kernel.BatchNorm[T]
	train bool
	x, y  []T
}

func bindBatchNorm[T kernel.Float](b *Backend, o ops.BatchNormalizationOp, in, _ []graph.Type) (engine.Prepared, bool) {
	k := &batchNorm[T]{b: b, n: newBatchNorm[T](in[0], o.Epsilon)}
	return engine.Prepared{Kernel: k, InPlace: [][]int{{0}}}, true
}

func bindBatchNormTrain[T kernel.Float](b *Backend, o ops.BatchNormTrainOp, in, _ []graph.Type) (engine.Prepared, bool) {
	k := &batchNorm[T]{b: b, n: newBatchNorm[T](in[0], o.Epsilon), train: true}
	return engine.Prepared{Kernel: k, InPlace: [][]int{{0}}}, k.n.N*k.n.S > 0
}

func (k *batchNorm[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.x, k.y = tensor.Data[T](in[0]), tensor.Data[T](out[0])
	k.n.Gain, k.n.Bias = tensor.Data[T](in[1]), tensor.Data[T](in[2])
	statistics := in[3:]
	if k.train {
		statistics = out[1:]
	}
	k.n.Mean, k.n.Var = tensor.Data[T](statistics[0]), tensor.Data[T](statistics[1])
}

func (k *batchNorm[T]) Run() error {
	if k.train {
		k.n.Forward(k.b.pool, k.y, k.x)
	} else {
		k.n.Apply(k.b.pool, k.y, k.x)
	}
	return nil
}

// batchNormGrad is the gradient of the normalization by the batch.
type batchNormGrad[T kernel.Float] struct {
	b                       *Backend
	n                       kernel.BatchNorm[T]
	dx, dGain, dBias, dy, x []T
}

func bindBatchNormGrad[T kernel.Float](b *Backend, o ops.BatchNormTrainGradOp, in, _ []graph.Type) (engine.Prepared, bool) {
	k := &batchNormGrad[T]{b: b, n: newBatchNorm[T](in[1], o.Epsilon)}
	return engine.Prepared{Kernel: k, InPlace: [][]int{{0}}}, k.n.N*k.n.S > 0
}

func (k *batchNormGrad[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.dy, k.x, k.n.Gain = tensor.Data[T](in[0]), tensor.Data[T](in[1]), tensor.Data[T](in[2])
	k.n.Mean, k.n.Var = tensor.Data[T](in[3]), tensor.Data[T](in[4])
	k.dx, k.dGain, k.dBias = tensor.Data[T](out[0]), tensor.Data[T](out[1]), tensor.Data[T](out[2])
}

func (k *batchNormGrad[T]) Run() error {
	k.n.Backward(k.b.pool, k.dx, k.dGain, k.dBias, k.dy, k.x)
	return nil
}

// random draws a row of numbers for each sample.
type random[T kernel.Float] struct {
	b          *Backend
	o          ops.RandomUniformOp
	key, index []int64
	y          []T
	fill       func(s kernel.Stream, dst []T, offset uint64)
}

func bindRandom[T kernel.Float](fill func(kernel.Stream, []T, uint64)) func(*Backend, ops.RandomUniformOp, []graph.Type, []graph.Type) (engine.Prepared, bool) {
	return func(b *Backend, o ops.RandomUniformOp, _, _ []graph.Type) (engine.Prepared, bool) {
		return engine.Prepared{Kernel: &random[T]{b: b, o: o, fill: fill}}, true
	}
}

func (k *random[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.key, k.index, k.y = tensor.Data[int64](in[0]), tensor.Data[int64](in[1]), tensor.Data[T](out[0])
}

func (k *random[T]) Run() error {
	pool := k.b.pool
	if len(k.y) < grain {
		pool = nil
	}
	pool.For(len(k.index), k)
	return nil
}

func (k *random[T]) Do(lo, hi, _ int) {
	n := len(k.y) / len(k.index)
	for i := lo; i < hi; i++ {
		k.fill(k.o.Stream(k.key[0], k.key[1], k.index[i]), k.y[i*n:(i+1)*n], 0)
	}
}
