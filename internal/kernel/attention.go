package kernel

import (
	"fmt"
	"math"

	"github.com/emberml/ember/internal/parallel"
)

// HeadView says where the rows of the heads of an attention are: row i of head h
// of sample b begins at element Offset + b*Batch + h*Head + i*Row.
type HeadView struct{ Offset, Batch, Head, Row int }

// At is where the rows of a head begin.
func (v HeadView) At(b, h int) int { return v.Offset + b*v.Batch + h*v.Head }

// Blocks of queries and of keys. They are part of the definition of the bits.
const (
	attentionRows = 128
	attentionCols = 128
)

// Attention is scaled dot product attention of all heads of a batch: for each
// sample b, head h and query i
//
//	s[j] = Scale * sum over d of q[i, d]*k[j, d]
//	s[j] = Softcap * tanh(s[j]/Softcap)             if Softcap > 0
//	s[j] = s[j] + mask[b, h, i, j], or -Inf where j takes no part
//	lse[i] = log(sum over j of e^s[j])
//	y[i, d] = sum over j of e^(s[j]-lse[i]) * v[j, d]
//
// A query to which nothing takes part has the result and the lse 0. Head h shares
// the keys and values of head h/(Heads/KeyHeads).
//
// The scores exist only in tiles of 128 queries by 128 keys: memory does not grow
// with the product of both. Each block of queries is one worker's, and so is the
// gradient of each head of keys: the bits do not depend on the number of threads.
//
// Source: Dao and others, "FlashAttention", 2022, algorithms 1 and 4.
type Attention[T Float] struct {
	Batch, Heads, KeyHeads, Queries, Keys int
	Size, ValueSize                       int // of a head's queries and keys, and of its values
	QAt, KAt, VAt, YAt                    HeadView
	Scale, Softcap                        T

	// Query i is at the place i+Past among the keys, or i+Lengths[b]-Queries
	// where there are lengths: the numbers of keys that take part of each
	// sample. Of the keys before it Left take part, after it Right; -1 for all.
	Past, Left, Right int
	Lengths           []int64

	// Allow tells by nonzero bytes what takes part, Add is added to the scores;
	// at most one is given. Element [b, h, i, j] is at the sum of the products
	// with MaskStep. Keys from MaskKeys on take no part.
	Allow    []uint8
	Add      []T
	MaskStep [4]int
	MaskKeys int

	// Dropout is the share of the softmax that is set to 0, where the uniform
	// number j + Keys*(i + Queries*h) of the sample's stream is below it.
	Dropout T
	Streams func(b int) Stream

	call attentionCall[T]
}

// attentionCall is the state of one run that its tasks share.
type attentionCall[T Float] struct {
	q, k, v, y, lse, dy, dq, dk, dv []T
	perWorker                       []T
	workerLen                       int
}

// blocks is the number of blocks of queries.
func (a *Attention[T]) blocks() int { return (a.Queries + attentionRows - 1) / attentionRows }

// group is the number of heads of queries that share one of keys.
func (a *Attention[T]) group() int { return a.Heads / a.KeyHeads }

// ScratchLen returns the number of elements of scratch memory that Forward and
// Backward need with a pool of the given number of threads.
func (a *Attention[T]) ScratchLen(threads int) int { return threads * a.workerScratch() }

func (a *Attention[T]) workerScratch() int {
	return 3*attentionRows*attentionCols + 3*attentionRows + a.group()*a.Queries + a.gemmScratch()
}

// gemmScratch is enough for every product of a tile.
func (a *Attention[T]) gemmScratch() int {
	wide := max(a.Size, a.ValueSize, attentionCols)
	g := Gemm[T]{M: attentionCols, N: wide, K: wide}
	return g.ScratchLen(1)
}

// Forward computes y and lse, [Batch, Heads, Queries]. scratch has at least
// ScratchLen elements, and its content is lost.
func (a *Attention[T]) Forward(pool *parallel.Pool, y, lse, q, k, v, scratch []T) {
	a.call = attentionCall[T]{q: q, k: k, v: v, y: y, lse: lse, perWorker: scratch, workerLen: a.workerScratch()}
	pool.For(a.Batch*a.Heads*a.blocks(), (*attentionForward[T])(a))
	a.call = attentionCall[T]{}
}

// attentionTile is the working memory of one worker, and the block at hand.
type attentionTile[T Float] struct {
	scores, grads, uniform []T // tiles with rows of attentionCols
	top, sum, limit        []T // by row
	delta                  []T // by head of the group and query
	product                []T
	gemm                   Gemm[T]

	b, h, i0, m, j0, n int
}

func (a *Attention[T]) tile(worker int) attentionTile[T] {
	s := a.call.perWorker[worker*a.call.workerLen:][:a.call.workerLen]
	take := func(n int) []T {
		part := s[:n:n]
		s = s[n:]
		return part
	}
	const area = attentionRows * attentionCols
	return attentionTile[T]{
		scores: take(area), grads: take(area), uniform: take(area),
		top: take(attentionRows), sum: take(attentionRows), limit: take(attentionRows),
		delta: take(a.group() * a.Queries), product: s,
	}
}

type attentionForward[T Float] Attention[T]

func (f *attentionForward[T]) Do(lo, hi, worker int) {
	a := (*Attention[T])(f)
	t := a.tile(worker)
	for at := lo; at < hi; at++ {
		block := at % a.blocks()
		t.h, t.b = at/a.blocks()%a.Heads, at/a.blocks()/a.Heads
		t.i0 = block * attentionRows
		t.m = min(attentionRows, a.Queries-t.i0)
		a.forward(&t)
	}
}

// forward computes a block of results.
func (a *Attention[T]) forward(t *attentionTile[T]) {
	c := &a.call
	kh := t.h / a.group()
	v := c.v[a.VAt.At(t.b, kh):]
	y := c.y[a.YAt.At(t.b, t.h)+t.i0*a.YAt.Row:]
	for r := range t.m {
		t.top[r], t.sum[r] = T(math.Inf(-1)), 0
	}
	first := true
	from, to := a.span(t.b, t.i0, t.m)
	for t.j0 = from; t.j0 < to; t.j0 += attentionCols {
		t.n = min(attentionCols, to-t.j0)
		a.score(t, c.q, c.k)
		a.uniform(t)
		for r := range t.m {
			a.softmaxRow(t, r, y[r*a.YAt.Row:][:a.ValueSize], first)
		}
		t.multiply(t.m, a.ValueSize, t.n, t.scores, attentionCols, 1, v[t.j0*a.VAt.Row:], a.VAt.Row, 1, y, a.YAt.Row, 1, !first)
		first = false
	}
	lse := c.lse[(t.b*a.Heads+t.h)*a.Queries+t.i0:]
	for r := range t.m {
		out := y[r*a.YAt.Row:][:a.ValueSize]
		if t.sum[r] == 0 {
			clear(out)
			lse[r] = 0
			continue
		}
		zipRight(Mul, out, out, 1/t.sum[r])
		lse[r] = t.top[r] + T(math.Log(float64(t.sum[r])))
	}
}

// softmaxRow masks a row of scores, turns them into their exponentials less the largest so
// far, and corrects the row's sum and result for a new largest.
func (a *Attention[T]) softmaxRow(t *attentionTile[T], r int, y []T, first bool) {
	row := t.scores[r*attentionCols:][:t.n]
	a.maskRow(t, t.i0+r, row)
	top := max(t.top[r], reduceRun(ReduceMax, row))
	if math.IsInf(float64(top), -1) {
		clear(row)
		return
	}
	if !first && top > t.top[r] {
		by := T(math.Exp(float64(t.top[r] - top)))
		t.sum[r] *= by
		zipRight(Mul, y, y, by)
	}
	zipRight(Sub, row, row, top)
	Apply(Unary{Op: Exp}, row, row)
	t.top[r] = top
	t.sum[r] += sumRun(row)
	if a.Dropout > 0 {
		a.drop(row, t.uniform[r*attentionCols:][:t.n])
	}
}

// span is the range of keys that take part in any of m rows.
func (a *Attention[T]) span(b, i, m int) (from, to int) {
	from, _ = a.bounds(b, i)
	_, to = a.bounds(b, i+m-1)
	return from, to
}

// CheckLengths is an error where a length is none of the keys'.
func (a *Attention[T]) CheckLengths() error {
	for b, n := range a.Lengths {
		if n < 0 || n > int64(a.Keys) {
			return fmt.Errorf("nonpad_kv_seqlen[%d] is %d, of %d keys", b, n, a.Keys)
		}
	}
	return nil
}

// bounds is the range of keys that take part in a row, by windows, lengths and the
// size of the mask.
func (a *Attention[T]) bounds(b, i int) (from, to int) {
	to = a.Keys
	at := i + a.Past
	if a.Lengths != nil {
		to = int(a.Lengths[b])
		at += to - a.Queries
	}
	if a.Allow != nil || a.Add != nil {
		to = min(to, a.MaskKeys)
	}
	if a.Right >= 0 {
		to = min(to, at+a.Right+1)
	}
	if a.Left >= 0 {
		from = max(0, at-a.Left)
	}
	return from, max(from, to)
}

// score computes the scores of a tile before its mask.
func (a *Attention[T]) score(t *attentionTile[T], q, k []T) {
	kh := t.h / a.group()
	q = q[a.QAt.At(t.b, t.h)+t.i0*a.QAt.Row:]
	k = k[a.KAt.At(t.b, kh)+t.j0*a.KAt.Row:]
	t.multiply(t.m, t.n, a.Size, q, a.QAt.Row, 1, k, 1, a.KAt.Row, t.scores, attentionCols, a.Scale, false)
	if a.Softcap == 0 {
		return
	}
	for r := range t.m {
		row := t.scores[r*attentionCols:][:t.n]
		zipRight(Mul, row, row, 1/a.Softcap)
		Apply(Unary{Op: Tanh}, row, row)
		zipRight(Mul, row, row, a.Softcap)
	}
}

// maskRow masks the scores of one query.
func (a *Attention[T]) maskRow(t *attentionTile[T], i int, row []T) {
	none := T(math.Inf(-1))
	from, to := a.bounds(t.b, i)
	from = min(max(0, from-t.j0), len(row))
	to = min(max(from, to-t.j0), len(row))
	for j := range from {
		row[j] = none
	}
	for j := to; j < len(row); j++ {
		row[j] = none
	}
	step := a.MaskStep[3]
	at := t.b*a.MaskStep[0] + t.h*a.MaskStep[1] + i*a.MaskStep[2] + (t.j0+from)*step
	row = row[from:to]
	switch {
	case a.Allow != nil:
		for j := range row {
			if a.Allow[at+j*step] == 0 {
				row[j] = none
			}
		}
	case a.Add != nil && step == 1:
		zip(Add, row, row, a.Add[at:][:len(row)])
	case a.Add != nil:
		for j := range row {
			row[j] += a.Add[at+j*step]
		}
	}
}

// uniform draws the random numbers of a tile.
func (a *Attention[T]) uniform(t *attentionTile[T]) {
	if a.Dropout == 0 {
		return
	}
	s := a.Streams(t.b)
	for r := range t.m {
		at := uint64((t.h*a.Queries+t.i0+r)*a.Keys + t.j0)
		switch row := any(t.uniform[r*attentionCols:][:t.n]).(type) {
		case []float32:
			s.Uniform32(row, at)
		case []float64:
			s.Uniform64(row, at)
		}
	}
}

// drop sets to 0 what the uniform numbers drop, and divides the rest by its share.
func (a *Attention[T]) drop(row, uniform []T) {
	keep := 1 / (1 - a.Dropout)
	for j, u := range uniform {
		if u < a.Dropout {
			row[j] = 0
		} else {
			row[j] *= keep
		}
	}
}

// multiply is C (+)= alpha·A·B of general strides.
func (t *attentionTile[T]) multiply(m, n, k int, a []T, rsa, csa int, b []T, rsb, csb int, c []T, rsc int, alpha T, add bool) {
	g := &t.gemm
	*g = Gemm[T]{M: m, N: n, K: k, A: a, RSA: rsa, CSA: csa, B: b, RSB: rsb, CSB: csb, C: c, RSC: rsc, Alpha: alpha}
	if add {
		g.Beta = 1
	}
	g.serial(t.product, false)
}
