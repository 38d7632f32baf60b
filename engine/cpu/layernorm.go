package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// normOf is the normalization of the axes of x from one on; ok tells whether there
// is something to normalize, and the factors are as many.
func normOf[T kernel.Float](x graph.Type, axis ops.Opt[int], epsilon float64, factors ...graph.Type) (n kernel.LayerNorm[T], ok bool) {
	s := shapeOf(x)
	a := axis.Or(-1)
	if a < 0 {
		a += len(s)
	}
	cols := s[a:].Len()
	ok = cols > 0
	for _, t := range factors {
		ok = ok && (!t.Present() || shapeOf(t).Len() == cols)
	}
	return kernel.LayerNorm[T]{Cols: cols, Epsilon: epsilon}, ok
}

// layerNorm normalizes rows, by the root of the mean square alone or with a mean.
type layerNorm[T kernel.Float] struct {
	b              *Backend
	n              kernel.LayerNorm[T]
	x, y, mean, sd []T
	stream         stream[T]
}

func bindLayerNorm[T kernel.Float](b *Backend, o ops.LayerNormalizationOp, in, _ []graph.Type) (engine.Prepared, bool) {
	n, ok := normOf[T](in[0], o.Axis, o.Epsilon.Or(1e-5), in[1:]...)
	p := engine.Prepared{Kernel: &layerNorm[T]{b: b, n: n}, InPlace: [][]int{{0}}}
	if n.Cols <= grain {
		p.Scratch = b.streamScratch(in[0])
	}
	return p, ok
}

func bindRMSNorm[T kernel.Float](b *Backend, o ops.RMSNormalizationOp, in, _ []graph.Type) (engine.Prepared, bool) {
	n, ok := normOf[T](in[0], o.Axis, o.Epsilon.Or(1e-5), in[1])
	n.RMS = true
	p := engine.Prepared{Kernel: &layerNorm[T]{b: b, n: n}, InPlace: [][]int{{0}}}
	if ok {
		p.Scratch = shapeOf(in[0]).Len() / n.Cols * in[0].DType.Size()
	}
	return p, ok
}

func (k *layerNorm[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.x, k.n.Gain = tensor.Data[T](in[0]), tensor.Data[T](in[1])
	if len(in) > 2 {
		k.n.Bias = dataOf[T](in[2])
	}
	k.y = tensor.Data[T](out[0])
	if k.n.RMS {
		k.sd = scratchOf[T](scratch)
		return
	}
	k.mean, k.sd = tensor.Data[T](out[1]), tensor.Data[T](out[2])
	k.stream.bind(scratch, k.y, k.x)
}

func (k *layerNorm[T]) Run() error {
	pool := k.b.pool
	if len(k.x) < 4*grain {
		pool = nil
	}
	pool.For(len(k.sd), k)
	return nil
}

func (k *layerNorm[T]) Do(lo, hi, worker int) {
	for most := max(grain/k.n.Cols, 1); lo < hi; lo += most {
		end := min(lo+most, hi)
		from, to := lo*k.n.Cols, end*k.n.Cols
		var mean []T
		if !k.n.RMS {
			mean = k.mean[lo:end]
		}
		computed := k.stream.begin(k.y[from:to], worker)
		k.n.Forward(computed, k.x[from:to], mean, k.sd[lo:end])
		k.stream.end(k.y[from:to], computed)
	}
}

// normGrad is the gradient of a normalization of rows.
type normGrad[T kernel.Float] struct {
	b                                          *Backend
	n                                          kernel.LayerNorm[T]
	dx, dGain, dBias, dy, x, mean, sd, scratch []T
}

func bindLayerNormGrad[T kernel.Float](b *Backend, o ops.LayerNormalizationGradOp, in, _ []graph.Type) (engine.Prepared, bool) {
	n, ok := normOf[T](in[1], o.Axis, 0)
	k := &normGrad[T]{b: b, n: n}
	return k.prepared(in[1], 0), ok
}

// prepared asks for what Backward needs, and more elements for each row.
func (k *normGrad[T]) prepared(x graph.Type, more int) engine.Prepared {
	if k.n.Cols == 0 {
		return engine.Prepared{}
	}
	rows := shapeOf(x).Len() / k.n.Cols
	return engine.Prepared{Kernel: k, InPlace: [][]int{{0}}, Scratch: (k.n.ScratchLen(rows) + more*rows) * x.DType.Size()}
}

func (k *normGrad[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.dy, k.x, k.n.Gain = tensor.Data[T](in[0]), tensor.Data[T](in[1]), tensor.Data[T](in[2])
	k.mean, k.sd = tensor.Data[T](in[3]), tensor.Data[T](in[4])
	k.dx, k.dGain, k.dBias = tensor.Data[T](out[0]), tensor.Data[T](out[1]), tensor.Data[T](out[2])
	k.scratch = scratchOf[T](scratch)
}

func (k *normGrad[T]) Run() error {
	k.n.Backward(k.b.pool, k.dx, k.dGain, k.dBias, k.dy, k.x, k.mean, k.sd, k.scratch)
	return nil
}

// rmsGrad is normGrad after the roots of the mean squares have been computed.
type rmsGrad[T kernel.Float] struct{ normGrad[T] }

func bindRMSNormGrad[T kernel.Float](b *Backend, o ops.RMSNormalizationGradOp, in, _ []graph.Type) (engine.Prepared, bool) {
	n, ok := normOf[T](in[1], o.Axis, o.Epsilon.Or(1e-5))
	n.RMS = true
	k := &rmsGrad[T]{normGrad[T]{b: b, n: n}}
	p := k.prepared(in[1], 1)
	p.Kernel = k
	return p, ok
}

func (k *rmsGrad[T]) Bind(in, out []*tensor.Tensor, scratch []byte) {
	k.dy, k.x, k.n.Gain = tensor.Data[T](in[0]), tensor.Data[T](in[1]), tensor.Data[T](in[2])
	k.dx, k.dGain = tensor.Data[T](out[0]), tensor.Data[T](out[1])
	all := scratchOf[T](scratch)
	rows := len(k.x) / k.n.Cols
	k.sd, k.scratch = all[:rows], all[rows:]
}

func (k *rmsGrad[T]) Run() error {
	pool := k.b.pool
	if len(k.x) < 4*grain {
		pool = nil
	}
	pool.For(len(k.sd), k)
	return k.normGrad.Run()
}

// Do computes the roots of the mean squares.
func (k *rmsGrad[T]) Do(lo, hi, _ int) {
	k.n.Statistics(k.sd[lo:hi], k.x[lo*k.n.Cols:hi*k.n.Cols])
}
