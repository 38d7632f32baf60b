package kernel

import "github.com/emberml/ember/internal/parallel"

// RecurrentGrad goes back through the steps of a [Recurrent], whose sizes, R,
// Lengths, Gates, Previous and Extra it reads. DZ is the gradient of what each gate
// adds up; DS, for a linear GRU, the same as R sees it. The gradients of the
// weights are products of these with inputs and states, in one piece each.
type RecurrentGrad[T Float] struct {
	Recurrent[T]
	DY, DLastH, DLastC []T // any may be nil
	DZ, DS             []T
	DInitialH          []T
	DInitialC          []T

	dh, dc, tmp []T
	back        [2]Gemm[T] // of the gates' gradients with R, and of those of a GRU's new state
}

// prepare describes the products, but for what they multiply.
func (r *RecurrentGrad[T]) prepare() {
	width := r.gates() * r.Hidden
	product := func(gates int) Gemm[T] {
		return Gemm[T]{
			M: r.Batch, N: r.Hidden, K: gates * r.Hidden, RSA: max(1, r.SampleRow*width), CSA: 1,
			RSB: max(1, r.Hidden), CSB: 1, RSC: max(1, r.Hidden), Beta: 1,
		}
	}
	r.back = [2]Gemm[T]{product(r.gates())}
	if r.Cell == GRUCell && !r.Linear {
		r.back = [2]Gemm[T]{product(2), product(1)}
		r.back[1].Beta = 0
	}
}

// ScratchLen returns the number of elements of scratch memory that Run needs.
func (r *RecurrentGrad[T]) ScratchLen(threads int) int {
	r.prepare()
	most := max(r.back[0].ScratchLen(threads), r.back[1].ScratchLen(threads))
	return most + packedLen(r.Steps, &r.back) + 3*r.Batch*r.Hidden
}

// Run computes the gradients of all steps.
func (r *RecurrentGrad[T]) Run(pool *parallel.Pool, scratch []T) {
	states := r.Batch * r.Hidden
	r.dh, r.dc, r.tmp, scratch = scratch[:states], scratch[states:2*states], scratch[2*states:3*states], scratch[3*states:]
	r.load(r.dh, r.DLastH)
	r.load(r.dc, r.DLastC)
	r.prepare()
	r.back[0].B, r.back[0].C = r.R, r.dh
	if r.Cell == GRUCell && !r.Linear {
		r.back[1].B, r.back[1].C = r.R[2*r.Hidden*r.Hidden:], r.tmp
	}
	scratch = pack(r.Steps, &r.back, scratch)
	for i := range r.Steps {
		r.t = r.Steps - 1 - i
		if r.Reverse {
			r.t = i
		}
		r.stepBack(pool, scratch)
	}
	r.store(r.DInitialH, r.dh)
	r.store(r.DInitialC, r.dc)
}

func (r *RecurrentGrad[T]) stepBack(pool *parallel.Pool, scratch []T) {
	h, width := r.Hidden, r.gates()*r.Hidden
	r.rows(pool, width).For(r.Batch, (*recurrentBack[T])(r))
	from := min(r.row(r.t, 0)*width, len(r.DZ))
	r.back[0].A = r.DZ[from:]
	switch {
	case r.DS != nil:
		r.back[0].A = r.DS[from:]
	case r.Cell == GRUCell:
		r.back[1].A = r.DZ[min(from+2*h, len(r.DZ)):]
		r.back[1].Run(pool, scratch)
		r.rows(pool, width).For(r.Batch, (*recurrentResetBack[T])(r))
	}
	r.back[0].Run(pool, scratch)
	for n := range r.Batch {
		if r.cut(n) {
			clear(r.dh[n*h:][:h])
			clear(r.dc[n*h:][:h])
		}
	}
}

// cut tells whether no gradient goes back from the step at hand of a sample.
func (r *RecurrentGrad[T]) cut(n int) bool {
	if r.Truncate == 0 || !r.active(n) {
		return false
	}
	t, steps := r.t, r.Steps
	if r.Reverse {
		t++
	}
	if r.Lengths != nil {
		steps = int(r.Lengths[n])
	}
	return t > 0 && t < steps && t%r.Truncate == 0
}

// recurrentResetBack goes through the reset of a GRU's state before its weights.
type recurrentResetBack[T Float] RecurrentGrad[T]

func (task *recurrentResetBack[T]) Do(lo, hi, _ int) {
	r, h := (*RecurrentGrad[T])(task), task.Hidden
	for n := lo; n < hi; n++ {
		if !r.active(n) {
			continue
		}
		at := r.row(r.t, n)
		dh, q := r.dh[n*h:][:h], r.tmp[n*h:][:h]
		reset, previous, dz := r.Gates[at*3*h+h:][:h], r.Previous[at*h:][:h], r.DZ[at*3*h+h:][:h]
		for j, v := range q {
			g := reset[j]
			dz[j] = T(v*previous[j]) * T(g*(1-g))
			dh[j] += T(v * g)
		}
	}
}

// recurrentBack goes through the cells of samples: dh becomes what reaches the state
// before without R.
type recurrentBack[T Float] RecurrentGrad[T]

func (task *recurrentBack[T]) Do(lo, hi, _ int) {
	r := (*RecurrentGrad[T])(task)
	size, width := r.Hidden, r.gates()*r.Hidden
	for n := lo; n < hi; n++ {
		at := r.row(r.t, n)
		dz, dh := r.DZ[at*width:][:width], r.dh[n*size:][:size]
		if !r.active(n) {
			clear(dz)
			if r.DS != nil {
				clear(r.DS[at*width:][:width])
			}
			continue
		}
		if r.DY != nil {
			Zip(Add, dh, dh, 1, r.DY[(r.t*r.StepOut+n*r.SampleOut)*size:][:size], 1)
		}
		gates := r.Gates[at*width:][:width]
		switch r.Cell {
		case SimpleCell:
			r.simpleBack(dz, dh, gates)
		case LSTMCell:
			lstmBack(dz, dh, r.dc[n*size:][:size], gates, r.Extra[at*size:][:size], r.tmp[n*size:][:size])
		case GRUCell:
			r.gruBack(at, dz, dh, gates)
		}
	}
}

func (r *RecurrentGrad[T]) simpleBack(dz, dh, y []T) {
	if r.Function == Relu {
		for j, v := range y {
			dz[j] = 0
			if v > 0 {
				dz[j] = dh[j]
			}
		}
	} else {
		tanhSlope(dz, y)
		zip(Mul, dz, dh, dz)
	}
	clear(dh)
}

// sigmoidSlope is y·(1-y), the derivative of Sigmoid where it is y.
func sigmoidSlope[T Float](dst, y []T) {
	zipLeft(Sub, dst, 1, y)
	zip(Mul, dst, y, dst)
}

// tanhSlope is 1-y², the derivative of Tanh where it is y. dst may be y.
func tanhSlope[T Float](dst, y []T) {
	zip(Mul, dst, y, y)
	zipLeft(Sub, dst, 1, dst)
}

// lstmBack is the way back through a cell of LSTM: c is the cell before the step,
// tmp scratch.
func lstmBack[T Float](dz, dh, dc, gates, c, tmp []T) {
	n := len(dh)
	in, out, forget, cell := gates[:n], gates[n:2*n], gates[2*n:3*n], gates[3*n:4*n]
	dIn, dOut, dForget, dCell := dz[:n], dz[n:2*n], dz[2*n:3*n], dz[3*n:4*n]
	top := dCell // tanh of the cell after the step, until dCell is wanted
	zip(Mul, top, forget, c)
	zip(Mul, tmp, in, cell)
	zip(Add, top, top, tmp)
	Apply(Unary{Op: Tanh}, top, top)

	sigmoidSlope(dOut, out)
	zip(Mul, tmp, dh, top)
	zip(Mul, dOut, tmp, dOut)
	tanhSlope(top, top)
	zip(Mul, dh, dh, out)
	zip(Mul, dh, dh, top)
	zip(Add, dc, dc, dh)
	clear(dh)

	for _, gate := range [...]struct{ d, y, factor []T }{{dIn, in, cell}, {dForget, forget, c}} {
		sigmoidSlope(gate.d, gate.y)
		zip(Mul, tmp, dc, gate.factor)
		zip(Mul, gate.d, tmp, gate.d)
	}
	tanhSlope(dCell, cell)
	zip(Mul, tmp, dc, in)
	zip(Mul, dCell, tmp, dCell)
	zip(Mul, dc, dc, forget)
}

// gruBack is the way back through a cell of GRU, whose reset before the weights is
// left to resetBack.
func (r *RecurrentGrad[T]) gruBack(at int, dz, dh, gates []T) {
	n := r.Hidden
	previous := r.Previous[at*n:][:n]
	update, reset, own := gates[:n], gates[n:2*n], gates[2*n:3*n]
	dUpdate, dReset, dOwn := dz[:n], dz[n:2*n], dz[2*n:3*n]
	zip(Sub, dUpdate, previous, own)
	zip(Mul, dUpdate, dh, dUpdate)
	sigmoidSlope(dOwn, update)
	zip(Mul, dUpdate, dUpdate, dOwn)
	zipLeft(Sub, dOwn, 1, update)
	zip(Mul, dOwn, dh, dOwn)
	tanhSlope(dReset, own)
	zip(Mul, dOwn, dOwn, dReset)
	zip(Mul, dh, dh, update)
	if r.DS == nil {
		return
	}
	linear, ds := r.Extra[at*n:][:n], r.DS[at*3*n:][:3*n]
	sigmoidSlope(dReset, reset)
	zip(Mul, ds[2*n:], dOwn, linear)
	zip(Mul, dReset, ds[2*n:], dReset)
	zip(Mul, ds[2*n:], dOwn, reset)
	copy(ds[:2*n], dz)
}
