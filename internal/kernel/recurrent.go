package kernel

import "github.com/emberml/ember/internal/parallel"

// RecurrentCell is what a step of a recurrent network computes.
type RecurrentCell uint8

// The cells, with the order of their gates.
const (
	SimpleCell RecurrentCell = iota // h = Function(z)
	LSTMCell                        // input, output, forget, cell
	GRUCell                         // update, reset, state
)

// Recurrent is one direction of a recurrent network over sequences, as ONNX
// defines RNN, LSTM and GRU with their standard activations. The gates of all
// steps get their part of the input in one product; then a step adds that of the
// state and applies the cell to each sample's row.
//
// Step t of sample n has the row t*StepRow + n*SampleRow of X and of what is kept,
// and t*StepOut + n*SampleOut of Y; sample n has the row n*StateRow of a state.
type Recurrent[T Float] struct {
	Cell                    RecurrentCell
	Function                UnaryOp // of SimpleCell: Tanh or Relu
	Linear                  bool    // of GRUCell: reset what the weights give, not the state
	Reverse                 bool    // from the last step to the first
	Truncate                int     // of the gradient: none crosses a multiple of so many steps; 0: it goes all the way
	Steps, Batch            int
	In, Hidden              int
	StepRow, SampleRow      int
	StepOut, SampleOut      int
	StateRow                int
	Lengths                 []int32 // of the sequences; nil: all steps
	X, W, R, Bias           []T     // W [gates*H, In], R [gates*H, H], Bias [2*gates*H] or nil
	InitialH, InitialC      []T     // or nil for zeros
	Y, LastH, LastC         []T
	Gates, Previous, Extra  []T // kept for the gradient; Gates always, Previous and Extra may be nil
	t                       int // the step at hand
	h, c, bias, linear, rec []T // scratch
	input                   Gemm[T]
	state                   [2]Gemm[T] // of the gates, and of a GRU's new state
}

func (r *Recurrent[T]) gates() int {
	return [...]int{SimpleCell: 1, LSTMCell: 4, GRUCell: 3}[r.Cell]
}

// prepare describes the products, but for what they multiply.
func (r *Recurrent[T]) prepare() {
	h, gates := r.Hidden, r.gates()
	r.input = Gemm[T]{M: r.Steps * r.Batch, N: gates * h, K: r.In, RSA: r.In, CSA: 1, RSB: 1, CSB: r.In, RSC: max(1, gates*h)}
	product := func(n, rsc int) Gemm[T] {
		return Gemm[T]{M: r.Batch, N: n, K: h, RSA: h, CSA: 1, RSB: 1, CSB: h, RSC: max(1, rsc), Beta: 1}
	}
	if r.Cell != GRUCell {
		r.state = [2]Gemm[T]{product(gates*h, r.SampleRow*gates*h)}
		return
	}
	r.state = [2]Gemm[T]{product(2*h, r.SampleRow*3*h), product(h, r.SampleRow*3*h)}
	if r.Linear {
		r.state[1].RSC, r.state[1].Beta = max(1, h), 0
	}
}

// packedLen is the scratch memory that pack needs.
func packedLen[T Float](steps int, products *[2]Gemm[T]) (n int) {
	for i := range products {
		if g := &products[i]; steps > 1 && g.M > 1 {
			n += g.PackedLen()
		}
	}
	return n
}

// pack packs the weights of products, which all steps share, and returns the rest
// of the scratch memory.
func pack[T Float](steps int, products *[2]Gemm[T], scratch []T) []T {
	for i := range products {
		if g := &products[i]; steps > 1 && g.M > 1 {
			g.Packed = g.PackB(scratch)
			scratch = scratch[g.PackedLen():]
		}
	}
	return scratch
}

// ScratchLen returns the number of elements of scratch memory that Run needs.
func (r *Recurrent[T]) ScratchLen(threads int) int {
	r.prepare()
	most := max(r.input.ScratchLen(threads), r.state[0].ScratchLen(threads), r.state[1].ScratchLen(threads))
	return most + packedLen(r.Steps, &r.state) + 3*r.Batch*r.Hidden + 2*r.gates()*r.Hidden
}

// Run computes all steps.
func (r *Recurrent[T]) Run(pool *parallel.Pool, scratch []T) {
	states, width := r.Batch*r.Hidden, r.gates()*r.Hidden
	take := func(n int) []T {
		part := scratch[:n]
		scratch = scratch[n:]
		return part
	}
	r.h, r.c, r.linear, r.bias, r.rec = take(states), take(states), take(states), take(width), take(width)
	r.load(r.h, r.InitialH)
	r.load(r.c, r.InitialC)
	r.addBias()
	r.prepare()
	r.input.A, r.input.B, r.input.C, r.input.Epilogue.Bias = r.X, r.W, r.Gates, r.bias
	if r.In == 0 { // bias alone
		for row := range r.input.M {
			copy(r.Gates[row*width:], r.bias)
		}
	} else {
		r.input.Run(pool, scratch)
	}
	r.state[0].A, r.state[0].B = r.h, r.R
	if r.Cell == GRUCell {
		r.state[1].A, r.state[1].B = r.linear, r.R[2*r.Hidden*r.Hidden:]
		if r.Linear {
			r.state[1].A, r.state[1].C, r.state[1].Epilogue.Bias = r.h, r.linear, r.rec[2*r.Hidden:]
		}
	}
	scratch = pack(r.Steps, &r.state, scratch)
	for i := range r.Steps {
		r.t = i
		if r.Reverse {
			r.t = r.Steps - 1 - i
		}
		r.step(pool, scratch)
	}
	r.store(r.LastH, r.h)
	r.store(r.LastC, r.c)
}

// load copies a state, or zeros, to rows that follow each other; store goes back.
func (r *Recurrent[T]) load(dst, src []T) {
	if src == nil {
		clear(dst)
		return
	}
	for n := range r.Batch {
		copy(dst[n*r.Hidden:][:r.Hidden], src[n*r.StateRow*r.Hidden:])
	}
}

func (r *Recurrent[T]) store(dst, src []T) {
	if dst == nil {
		return
	}
	for n := range r.Batch {
		copy(dst[n*r.StateRow*r.Hidden:][:r.Hidden], src[n*r.Hidden:])
	}
}

// addBias adds those biases of the state to those of the input that do not wait
// for the reset.
func (r *Recurrent[T]) addBias() {
	width := len(r.bias)
	clear(r.bias)
	clear(r.rec)
	if r.Bias == nil {
		return
	}
	copy(r.bias, r.Bias[:width])
	copy(r.rec, r.Bias[width:])
	add := width
	if r.Cell == GRUCell && r.Linear {
		add = 2 * r.Hidden
	}
	Zip(Add, r.bias[:add], r.bias[:add], 1, r.rec[:add], 1)
}

// row is where the numbers of step t of sample n are, in rows.
func (r *Recurrent[T]) row(t, n int) int { return t*r.StepRow + n*r.SampleRow }

// active tells whether a sample's sequence has the step at hand.
func (r *Recurrent[T]) active(n int) bool { return r.Lengths == nil || r.t < int(r.Lengths[n]) }

// step is one step of all samples.
func (r *Recurrent[T]) step(pool *parallel.Pool, scratch []T) {
	width := r.gates() * r.Hidden
	r.state[0].C = r.Gates[min(r.row(r.t, 0)*width, len(r.Gates)):]
	r.state[0].Run(pool, scratch)
	if r.Cell == GRUCell {
		r.newState(pool, scratch)
	}
	r.rows(pool, width).For(r.Batch, (*recurrentRows[T])(r))
}

// rows is the pool for work on rows of a width; nil where it is too little to share.
func (r *Recurrent[T]) rows(pool *parallel.Pool, width int) *parallel.Pool {
	if r.Batch*width < 1<<12 {
		return nil
	}
	return pool
}

// newState adds the state's part to a GRU's new state.
func (r *Recurrent[T]) newState(pool *parallel.Pool, scratch []T) {
	h := r.Hidden
	g := &r.state[1]
	if !r.Linear {
		r.rows(pool, 3*h).For(r.Batch, (*recurrentReset[T])(r))
		g.C = r.Gates[min(r.row(r.t, 0)*3*h+2*h, len(r.Gates)):]
	}
	g.Run(pool, scratch)
}

// recurrentReset resets a GRU's states before its weights.
type recurrentReset[T Float] Recurrent[T]

func (task *recurrentReset[T]) Do(lo, hi, _ int) {
	r, h := (*Recurrent[T])(task), task.Hidden
	for n := lo; n < hi; n++ {
		gates := r.Gates[r.row(r.t, n)*3*h:][:3*h]
		Apply(Unary{Op: Sigmoid}, gates[:2*h], gates[:2*h])
		Zip(Mul, r.linear[n*h:][:h], gates[h:2*h], 1, r.h[n*h:][:h], 1)
	}
}

// recurrentRows applies the cell to the rows of samples.
type recurrentRows[T Float] Recurrent[T]

func (task *recurrentRows[T]) Do(lo, hi, _ int) {
	r := (*Recurrent[T])(task)
	size, width := r.Hidden, r.gates()*r.Hidden
	for n := lo; n < hi; n++ {
		at := r.row(r.t, n)
		h, c := r.h[n*size:][:size], r.c[n*size:][:size]
		if r.Previous != nil {
			copy(r.Previous[at*size:][:size], h)
		}
		if r.Extra != nil {
			extra := c
			if r.Cell == GRUCell {
				extra = r.linear[n*size:][:size]
			}
			copy(r.Extra[at*size:][:size], extra)
		}
		gates := r.Gates[at*width:][:width]
		y := r.Y[(r.t*r.StepOut+n*r.SampleOut)*size:][:size]
		if !r.active(n) {
			clear(gates)
			clear(y)
			if r.Extra != nil && r.Cell == GRUCell {
				clear(r.Extra[at*size:][:size])
			}
			continue
		}
		switch r.Cell {
		case SimpleCell:
			Apply(Unary{Op: r.Function}, gates, gates)
			copy(h, gates)
		case LSTMCell:
			lstmRow(gates, c, h)
		case GRUCell:
			r.gruRow(gates, r.linear[n*size:][:size], h)
		}
		copy(y, h)
	}
}

// lstmRow turns sums into gates and moves the cell and the state.
func lstmRow[T Float](gates, c, h []T) {
	n := len(h)
	Apply(Unary{Op: Sigmoid}, gates[:3*n], gates[:3*n])
	Apply(Unary{Op: Tanh}, gates[3*n:], gates[3*n:])
	in, out, forget, cell := gates[:n], gates[n:2*n], gates[2*n:3*n], gates[3*n:]
	Zip(Mul, c, c, 1, forget, 1)
	Zip(Mul, h, in, 1, cell, 1)
	Zip(Add, c, c, 1, h, 1)
	Apply(Unary{Op: Tanh}, h, c)
	Zip(Mul, h, h, 1, out, 1)
}

// gruRow turns sums into gates and moves the state; linear is the state's part of
// the new one where it is reset after the weights, and scratch afterwards.
func (r *Recurrent[T]) gruRow(gates, linear, h []T) {
	n := len(h)
	update, reset, own := gates[:n], gates[n:2*n], gates[2*n:]
	if r.Linear {
		Apply(Unary{Op: Sigmoid}, gates[:2*n], gates[:2*n])
		zip(Mul, linear, reset, linear)
		zip(Add, own, own, linear)
	}
	Apply(Unary{Op: Tanh}, own, own)
	zip(Sub, h, h, own) // (1 - z)·own + z·h = own + z·(h - own)
	zip(Mul, h, update, h)
	zip(Add, h, own, h)
}
