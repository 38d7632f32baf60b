package kernel

import "github.com/emberml/ember/internal/parallel"

// BatchNorm normalizes the channels of a contiguous array [N, C, S]:
//
//	y[n, c, s] = (x[n, c, s] - Mean[c]) / sqrt(Var[c] + Epsilon) * Gain[c] + Bias[c]
//
// Gain and Bias have C elements or are nil (1 and 0). Threads take channels,
// of which so many pass at a time as stay in cache; the bits depend on neither.
//
// Source: Ioffe, Szegedy, "Batch normalization", 2015.
type BatchNorm[T Float] struct {
	N, C, S    int
	Epsilon    float64
	Gain, Bias []T
	Mean, Var  []T

	pass  batchNormPass
	block int // channels at a time
	x     []T
	y     []T // or dx
	dy    []T
	dGain []T
	dBias []T

	numbers []T // three of each channel, kept for the next run
}

// batchNormElements is about the number of elements of an array that pass at a
// time: those of two or three arrays take half of the second cache.
const batchNormElements = 1 << 15

// Forward sets Mean and Var to the mean and the (biased) variance of each channel
// of x, whose sums run over samples in order, two passes, and computes y by them.
// y may be x.
func (b *BatchNorm[T]) Forward(pool *parallel.Pool, y, x []T) {
	b.x, b.y = x, y
	b.run(pool, batchNormForward)
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

// batchNormPass is what a run does with channels: a number and not a method
// value, which would be allocated.
type batchNormPass uint8

const (
	batchNormForward batchNormPass = iota
	batchNormApply
	batchNormBackward
)

func (b *BatchNorm[T]) run(pool *parallel.Pool, pass batchNormPass) {
	if b.N*b.C*b.S < 1<<14 {
		pool = nil
	}
	if len(b.numbers) < 3*b.C {
		b.numbers = make([]T, 3*b.C)
	}
	b.pass = pass
	b.block = max(1, min(batchNormElements/max(1, b.N*b.S), b.C/(4*pool.Threads())))
	pool.For((b.C+b.block-1)/b.block, (*batchNormTask[T])(b))
	b.x, b.y, b.dy, b.dGain, b.dBias = nil, nil, nil, nil, nil
}

type batchNormTask[T Float] BatchNorm[T]

func (t *batchNormTask[T]) Do(lo, hi, _ int) {
	b, l := (*BatchNorm[T])(t), loopsOf[T]()
	for i := lo; i < hi; i++ {
		c := channelRange{i * b.block, min((i+1)*b.block, b.C)}
		switch b.pass {
		case batchNormForward:
			b.statistics(l, c)
			b.apply(l, c)
		case batchNormApply:
			b.apply(l, c)
		default:
			b.backward(l, c)
		}
	}
}

// channelRange is channels [lo, hi).
type channelRange struct{ lo, hi int }

// at returns the range of channels in sample n.
func (b *BatchNorm[T]) at(n int, c channelRange) (lo, hi int) {
	return (n*b.C + c.lo) * b.S, (n*b.C + c.hi) * b.S
}

func (b *BatchNorm[T]) statistics(t *loops[T], c channelRange) {
	count := T(b.N * b.S)
	mean, variance := b.Mean[c.lo:c.hi], b.Var[c.lo:c.hi]
	clear(mean)
	for n := range b.N {
		lo, hi := b.at(n, c)
		t.channelSums(mean, b.x[lo:hi], b.S)
	}
	for i := range mean {
		mean[i] /= count
	}
	clear(variance)
	for n := range b.N {
		lo, hi := b.at(n, c)
		t.channelSquares(variance, b.x[lo:hi], b.S, mean)
	}
	for i := range variance {
		variance[i] /= count
	}
}

// scales returns three numbers of each channel: what it is multiplied by once its
// mean is taken off, and two that are not set.
func (b *BatchNorm[T]) scales(c channelRange) (gain, second, third []T) {
	gain, second, third = b.numbers[c.lo:c.hi], b.numbers[b.C+c.lo:][:c.hi-c.lo], b.numbers[2*b.C+c.lo:][:c.hi-c.lo]
	for i, v := range b.Var[c.lo:c.hi] {
		gain[i] = 1 / sqrt(v+T(b.Epsilon))
		if b.Gain != nil {
			gain[i] *= b.Gain[c.lo+i]
		}
	}
	return gain, second, third
}

func (b *BatchNorm[T]) apply(t *loops[T], c channelRange) {
	gain, bias, _ := b.scales(c)
	if b.Bias != nil {
		bias = b.Bias[c.lo:c.hi]
	} else {
		clear(bias)
	}
	for n := range b.N {
		lo, hi := b.at(n, c)
		t.channelScale(b.y[lo:hi], b.x[lo:hi], b.S, b.Mean[c.lo:c.hi], gain, bias)
	}
}

func (b *BatchNorm[T]) backward(t *loops[T], c channelRange) {
	mean, dGain, dBias := b.Mean[c.lo:c.hi], b.dGain[c.lo:c.hi], b.dBias[c.lo:c.hi]
	clear(dGain)
	clear(dBias)
	for n := range b.N {
		lo, hi := b.at(n, c)
		t.channelDots(dBias, dGain, b.dy[lo:hi], b.x[lo:hi], b.S, mean)
	}
	gain, dot, sum := b.scales(c)
	count := T(b.N * b.S)
	for i, v := range b.Var[c.lo:c.hi] {
		inv := 1 / sqrt(v+T(b.Epsilon))
		dGain[i] *= inv
		dot[i], sum[i] = dGain[i]/count*inv, dBias[i]/count
	}
	if b.y == nil {
		return
	}
	for n := range b.N {
		lo, hi := b.at(n, c)
		t.channelGrad(b.y[lo:hi], b.dy[lo:hi], b.x[lo:hi], b.S, mean, dot, sum, gain)
	}
}
