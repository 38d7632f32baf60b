package kernel

import "github.com/emberml/ember/internal/parallel"

// BatchNorm normalizes the channels of a contiguous array [N, C, S]:
//
//	y[n, c, s] = (x[n, c, s] - Mean[c]) / sqrt(Var[c] + Epsilon) * Gain[c] + Bias[c]
//
// Gain and Bias have C elements or are nil (1 and 0). Threads take channels,
// so the bits do not depend on their number.
//
// Source: Ioffe, Szegedy, "Batch normalization", 2015.
type BatchNorm[T Float] struct {
	N, C, S    int
	Epsilon    float64
	Gain, Bias []T
	Mean, Var  []T

	pass  batchNormPass
	x     []T
	y     []T // or dx
	dy    []T
	dGain []T
	dBias []T
}

// Statistics sets Mean and Var to the mean and the (biased) variance of each
// channel of x. Both sums run over samples in order, two passes.
func (b *BatchNorm[T]) Statistics(pool *parallel.Pool, x []T) {
	b.x = x
	b.run(pool, batchNormStatistics)
}

// Apply computes y from x, Mean and Var. y may be x.
func (b *BatchNorm[T]) Apply(pool *parallel.Pool, y, x []T) {
	b.x, b.y = x, y
	b.run(pool, batchNormApply)
}

// Backward computes the gradients from dy, the gradient of y, where Mean and
// Var are the statistics of x:
//
//	h = (x - Mean)/sqrt(Var + Epsilon)
//	dBias = sum of dy,  dGain = sum of dy*h                 (per channel)
//	dx = Gain/sqrt(Var + Epsilon) * (dy - dBias/(N*S) - h*dGain/(N*S))
//
// dx may be dy, or nil if it is not wanted.
func (b *BatchNorm[T]) Backward(pool *parallel.Pool, dx, dGain, dBias, dy, x []T) {
	b.x, b.y, b.dy, b.dGain, b.dBias = x, dx, dy, dGain, dBias
	b.run(pool, batchNormBackward)
}

// batchNormPass is what a run does with each channel: a number and not a
// method value, which would be allocated.
type batchNormPass uint8

const (
	batchNormStatistics batchNormPass = iota
	batchNormApply
	batchNormBackward
)

func (b *BatchNorm[T]) run(pool *parallel.Pool, pass batchNormPass) {
	if b.N*b.C*b.S < 1<<14 {
		pool = nil
	}
	b.pass = pass
	pool.For(b.C, (*batchNormTask[T])(b))
	b.x, b.y, b.dy, b.dGain, b.dBias = nil, nil, nil, nil, nil
}

type batchNormTask[T Float] BatchNorm[T]

func (t *batchNormTask[T]) Do(lo, hi, _ int) {
	b, l := (*BatchNorm[T])(t), loopsOf[T]()
	for c := lo; c < hi; c++ {
		switch b.pass {
		case batchNormStatistics:
			b.statistics(l, c)
		case batchNormApply:
			b.apply(l, c)
		default:
			b.backward(l, c)
		}
	}
}

// at returns the range of channel c in sample n.
func (b *BatchNorm[T]) at(n, c int) (lo, hi int) {
	lo = (n*b.C + c) * b.S
	return lo, lo + b.S
}

func (b *BatchNorm[T]) statistics(t *loops[T], c int) {
	count := T(b.N * b.S)
	var sum T
	for n := range b.N {
		lo, hi := b.at(n, c)
		sum += sumBlocks(b.x[lo:hi])
	}
	mean := sum / count
	sum = 0
	for n := range b.N {
		lo, hi := b.at(n, c)
		sum += t.channelSquares(b.x[lo:hi], mean)
	}
	b.Mean[c], b.Var[c] = mean, sum/count
}

// scale returns what channel c is multiplied by once its mean is taken off,
// and what is added then.
func (b *BatchNorm[T]) scale(c int) (gain, bias T) {
	gain = 1 / sqrt(b.Var[c]+T(b.Epsilon))
	if b.Gain != nil {
		gain *= b.Gain[c]
	}
	if b.Bias != nil {
		bias = b.Bias[c]
	}
	return gain, bias
}

func (b *BatchNorm[T]) apply(t *loops[T], c int) {
	gain, bias := b.scale(c)
	mean := b.Mean[c]
	for n := range b.N {
		lo, hi := b.at(n, c)
		t.channelScale(b.y[lo:hi], b.x[lo:hi], mean, gain, bias)
	}
}

func (b *BatchNorm[T]) backward(t *loops[T], c int) {
	mean, inv := b.Mean[c], 1/sqrt(b.Var[c]+T(b.Epsilon))
	var sum, dot T
	for n := range b.N {
		lo, hi := b.at(n, c)
		sumN, dotN := t.channelDots(b.dy[lo:hi], b.x[lo:hi], mean)
		sum += sumN
		dot += dotN
	}
	dot *= inv
	b.dGain[c], b.dBias[c] = dot, sum
	if b.y == nil {
		return
	}
	count := T(b.N * b.S)
	gain, _ := b.scale(c)
	sum /= count
	dot = dot / count * inv
	for n := range b.N {
		lo, hi := b.at(n, c)
		t.channelGrad(b.y[lo:hi], b.dy[lo:hi], b.x[lo:hi], mean, dot, sum, gain)
	}
}
