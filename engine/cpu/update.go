package cpu

import (
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/kernel"
	ops "github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// update is an optimizer's step on one parameter. It works in place: on the
// parameter and the optimizer's memory themselves where the engine could place
// the results there, else on copies.
type update[T kernel.Float] struct {
	b       *Backend
	in, out [][]T // the parameter, then what the optimizer keeps
	grad    []T
	rate    []float64
	number  []int64 // of the step; nil where the optimizer has no use for it
	begin   func(rate float64, number int)
	step    func(param, grad []T, state [][]T)
	part    [][][]T // the state's pieces, for each worker
}

// newUpdate plans a step with so many state variables; the learning rate is to
// be a float64.
func newUpdate[T kernel.Float](b *Backend, in []graph.Type, states int, begin func(rate float64, number int), step func(param, grad []T, state [][]T)) (engine.Prepared, bool) {
	k := &update[T]{b: b, begin: begin, step: step}
	for range b.Threads() {
		k.part = append(k.part, make([][]T, states))
	}
	inPlace := [][]int{{0}}
	for i := range states {
		inPlace = append(inPlace, []int{2 + i})
	}
	return engine.Prepared{Kernel: k, InPlace: inPlace}, in[2+states].DType == tensor.Float64
}

func (k *update[T]) Bind(in, out []*tensor.Tensor, _ []byte) {
	k.in, k.out = k.in[:0], k.out[:0]
	for i, o := range out {
		from := i + 1 // the gradient stands between
		if i == 0 {
			from = 0
		}
		k.in, k.out = append(k.in, tensor.Data[T](in[from])), append(k.out, tensor.Data[T](o))
	}
	k.grad = tensor.Data[T](in[1])
	rest := in[1+len(out):]
	k.rate = tensor.Data[float64](rest[0])
	if len(rest) > 1 && rest[1] != nil {
		k.number = tensor.Data[int64](rest[1])
	}
}

func (k *update[T]) Run() error {
	for i, dst := range k.out {
		if len(dst) > 0 && &dst[0] != &k.in[i][0] {
			copy(dst, k.in[i])
		}
	}
	number := 0
	if k.number != nil {
		number = int(k.number[0])
	}
	k.begin(k.rate[0], number)
	k.b.each(len(k.grad), k)
	return nil
}

func (k *update[T]) Do(lo, hi, worker int) {
	lo, hi = lo*grain, min(hi*grain, len(k.grad))
	state := k.part[worker]
	for i := range state {
		state[i] = k.out[1+i][lo:hi]
	}
	k.step(k.out[0][lo:hi], k.grad[lo:hi], state)
}

func bindSGD[T kernel.Float](b *Backend, o ops.SGDUpdateOp, in, out []graph.Type) (engine.Prepared, bool) {
	s := &kernel.SGD{Momentum: o.Momentum, Dampening: o.Dampening, WeightDecay: o.WeightDecay, Nesterov: o.Nesterov}
	begin := func(rate float64, number int) { s.Rate, s.First = rate, number == 1 }
	return newUpdate(b, in, len(out)-1, begin, func(param, grad []T, state [][]T) {
		var buffer []T
		if len(state) > 0 {
			buffer = state[0]
		}
		kernel.StepSGD(s, param, grad, buffer)
	})
}

func bindAdam[T kernel.Float](b *Backend, o ops.AdamUpdateOp, in, out []graph.Type) (engine.Prepared, bool) {
	a := &kernel.Adam{Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon, WeightDecay: o.WeightDecay, Decoupled: o.Decoupled}
	begin := func(rate float64, number int) { a.Rate, a.Step = rate, number }
	if o.AMSGrad {
		return engine.Prepared{}, false
	}
	return newUpdate(b, in, len(out)-1, begin, func(param, grad []T, state [][]T) {
		kernel.StepAdam(a, param, grad, state[0], state[1])
	})
}

func bindRMSProp[T kernel.Float](b *Backend, o ops.RMSPropUpdateOp, in, out []graph.Type) (engine.Prepared, bool) {
	r := &kernel.RMSProp{Decay: o.Alpha, Epsilon: o.Epsilon, WeightDecay: o.WeightDecay, Momentum: o.Momentum, Centered: o.Centered}
	begin := func(rate float64, _ int) { r.Rate = rate }
	return newUpdate(b, in, len(out)-1, begin, func(param, grad []T, state [][]T) {
		var mean, buffer []T
		rest := state[1:]
		if o.Centered {
			mean, rest = rest[0], rest[1:]
		}
		if o.Momentum != 0 {
			buffer = rest[0]
		}
		kernel.StepRMSProp(r, param, grad, state[0], mean, buffer)
	})
}
