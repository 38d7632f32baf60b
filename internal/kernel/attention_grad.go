package kernel

import "github.com/emberml/ember/internal/parallel"

// Backward computes the gradients dq, dk and dv, given dy and what Forward
// computed, with the softmax p computed anew from lse:
//
//	dv[j] = sum over i of p[i, j]*dy[i]
//	ds[i, j] = p[i, j] * (dy[i]·v[j] - dy[i]·y[i])
//	dq[i] = Scale * sum over j of ds[i, j]*k[j]
//	dk[j] = Scale * sum over i of ds[i, j]*q[i]
//
// dq, dk and dv lie as q, k and v do, dy as y. scratch has at least ScratchLen
// elements, and its content is lost.
func (a *Attention[T]) Backward(pool *parallel.Pool, dq, dk, dv, dy, y, lse, q, k, v, scratch []T) {
	a.call = attentionCall[T]{
		q: q, k: k, v: v, y: y, lse: lse, dy: dy, dq: dq, dk: dk, dv: dv,
		perWorker: scratch, workerLen: a.workerScratch(),
	}
	pool.For(a.Batch*a.KeyHeads, (*attentionBackward[T])(a))
	a.call = attentionCall[T]{}
}

type attentionBackward[T Float] Attention[T]

func (f *attentionBackward[T]) Do(lo, hi, worker int) {
	a := (*Attention[T])(f)
	t := a.tile(worker)
	for at := lo; at < hi; at++ {
		a.backward(&t, at/a.KeyHeads, at%a.KeyHeads)
	}
}

// backward computes the gradients of one head of keys and of the queries' heads
// that share it.
func (a *Attention[T]) backward(t *attentionTile[T], b, kh int) {
	c := &a.call
	t.b = b
	k, v := c.k[a.KAt.At(b, kh):], c.v[a.VAt.At(b, kh):]
	dk, dv := c.dk[a.KAt.At(b, kh):], c.dv[a.VAt.At(b, kh):]
	clearRows(dk, a.Keys, a.Size, a.KAt.Row)
	clearRows(dv, a.Keys, a.ValueSize, a.VAt.Row)
	for s := range a.group() {
		h := kh*a.group() + s
		clearRows(c.dq[a.QAt.At(b, h):], a.Queries, a.Size, a.QAt.Row)
		y, dy := c.y[a.YAt.At(b, h):], c.dy[a.YAt.At(b, h):]
		for i := range a.Queries {
			at := i * a.YAt.Row
			t.delta[s*a.Queries+i] = dotBlocks(y[at:at+a.ValueSize], dy[at:at+a.ValueSize])
		}
	}
	for j0 := 0; j0 < a.Keys; j0 += attentionCols {
		t.j0, t.n = j0, min(attentionCols, a.Keys-j0)
		for s := range a.group() {
			t.h = kh*a.group() + s
			for t.i0 = 0; t.i0 < a.Queries; t.i0 += attentionRows {
				t.m = min(attentionRows, a.Queries-t.i0)
				if from, to := a.span(b, t.i0, t.m); from >= j0+t.n || to <= j0 {
					continue
				}
				q := c.q[a.QAt.At(b, t.h)+t.i0*a.QAt.Row:]
				dq := c.dq[a.QAt.At(b, t.h)+t.i0*a.QAt.Row:]
				dy := c.dy[a.YAt.At(b, t.h)+t.i0*a.YAt.Row:]
				a.gradTile(t, t.delta[s*a.Queries+t.i0:], dy, k[j0*a.KAt.Row:], v[j0*a.VAt.Row:], q, dq, dk[j0*a.KAt.Row:], dv[j0*a.VAt.Row:])
			}
		}
	}
}

// gradTile adds what a tile of scores contributes to the gradients.
func (a *Attention[T]) gradTile(t *attentionTile[T], delta, dy, k, v, q, dq, dk, dv []T) {
	const ld = attentionCols
	c := &a.call
	a.score(t, c.q, c.k)
	a.uniform(t)
	lse := c.lse[(t.b*a.Heads+t.h)*a.Queries+t.i0:]
	t.multiply(t.m, t.n, a.ValueSize, dy, a.YAt.Row, 1, v, 1, a.VAt.Row, t.grads, ld, 1, false)
	for r := range t.m {
		p, g, u := t.scores[r*ld:][:t.n], t.grads[r*ld:][:t.n], t.uniform[r*ld:][:t.n]
		if a.Dropout > 0 {
			a.drop(g, u)
		}
		zipRight(Sub, g, g, delta[r])
		if a.Softcap > 0 {
			for j, s := range p {
				s /= a.Softcap
				g[j] *= 1 - T(s*s)
			}
		}
		a.maskRow(t, t.i0+r, p)
		zipRight(Sub, p, p, lse[r])
		Apply(Unary{Op: Exp}, p, p)
		zip(Mul, g, g, p)
		if a.Dropout > 0 {
			a.drop(p, u)
		}
	}
	t.multiply(t.n, a.ValueSize, t.m, t.scores, 1, ld, dy, a.YAt.Row, 1, dv, a.VAt.Row, 1, true)
	t.multiply(t.m, a.Size, t.n, t.grads, ld, 1, k, a.KAt.Row, 1, dq, a.QAt.Row, a.Scale, true)
	t.multiply(t.n, a.Size, t.m, t.grads, 1, ld, q, a.QAt.Row, 1, dk, a.KAt.Row, a.Scale, true)
}

// clearRows sets rows of cols elements to 0.
func clearRows[T Float](x []T, rows, cols, step int) {
	for i := range rows {
		clear(x[i*step:][:cols])
	}
}
