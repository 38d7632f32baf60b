package cpu

import (
	"github.com/emberml/ember/internal/parallel"
	"github.com/emberml/ember/tensor"
)

// grain is how many elements an elementwise kernel hands to a thread at a time;
// it decides no bits.
const grain = 4096

// maxOperands is the most operands of a walk.
const maxOperands = 8

// walk steps over the elements of a result and of operands that broadcast to
// it, a row at a time. Along a row each operand moves by 1 or stays (step 0);
// neighboring dimensions over which all operands move alike are one.
type walk struct {
	rows   int     // number of rows
	n      int     // elements of a row
	steps  []int   // of each operand along a row
	dims   []int   // outer dimensions
	stride [][]int // of each operand over the outer dimensions
}

// newWalk plans the walk over a result of the shape by operands of these shapes.
func newWalk(out tensor.Shape, operands ...tensor.Shape) *walk {
	rank := len(out)
	strides := make([][]int, len(operands))
	for k, s := range operands {
		strides[k] = broadcastStrides(s, rank)
	}
	var dims []int
	merged := make([][]int, len(operands))
	for d := range rank {
		if out[d] == 1 {
			continue
		}
		joins := len(dims) > 0
		for k := range operands {
			joins = joins && merged[k][len(dims)-1] == strides[k][d]*out[d]
		}
		if joins {
			dims[len(dims)-1] *= out[d]
			for k := range operands {
				merged[k][len(dims)-1] = strides[k][d]
			}
			continue
		}
		dims = append(dims, out[d])
		for k := range operands {
			merged[k] = append(merged[k], strides[k][d])
		}
	}
	w := &walk{rows: 1, n: 1, steps: make([]int, len(operands)), stride: make([][]int, len(operands))}
	if last := len(dims) - 1; last >= 0 {
		w.n, w.dims = dims[last], dims[:last]
		for k := range operands {
			w.steps[k], w.stride[k] = merged[k][last], merged[k][:last]
		}
	}
	for _, d := range w.dims {
		w.rows *= d
	}
	return w
}

// broadcastStrides are the strides of a contiguous array of shape s seen in
// rank dimensions; dimensions of size 1 do not move.
func broadcastStrides(s tensor.Shape, rank int) []int {
	strides := make([]int, rank)
	step := 1
	for d := len(s) - 1; d >= 0; d-- {
		if s[d] != 1 {
			strides[rank-len(s)+d] = step
		}
		step *= s[d]
	}
	return strides
}

// single tells whether the whole walk is one row.
func (w *walk) single() bool { return w.rows == 1 }

// items is into how many pieces run splits the walk.
func (w *walk) items() int {
	if w.rows*w.n == 0 {
		return 0
	}
	if w.single() {
		return (w.n + grain - 1) / grain
	}
	per := w.rowsPerItem()
	return (w.rows + per - 1) / per
}

func (w *walk) rowsPerItem() int { return max(1, grain/max(1, w.n)) }

// run runs a task over the pieces of a walk.
func (w *walk) run(pool *parallel.Pool, task parallel.Task) {
	if w.rows*w.n < 4*grain {
		pool = nil
	}
	pool.For(w.items(), task)
}

// each calls row for the rows in the pieces lo…hi with the position of the
// row's first element in the result and in each operand, and its length.
func (w *walk) each(lo, hi int, row func(out int, at [maxOperands]int, n int)) {
	var at [maxOperands]int // by value, so that it stays on the stack
	if w.single() {
		from, to := lo*grain, min(hi*grain, w.n)
		for k, s := range w.steps {
			at[k] = from * s
		}
		row(from, at, to-from)
		return
	}
	per := w.rowsPerItem()
	for r := lo * per; r < min(hi*per, w.rows); r++ {
		at = [maxOperands]int{}
		rest := r
		for d := len(w.dims) - 1; d >= 0; d-- {
			i := rest % w.dims[d]
			rest /= w.dims[d]
			for k := range w.steps {
				at[k] += i * w.stride[k][d]
			}
		}
		row(r*w.n, at, w.n)
	}
}
