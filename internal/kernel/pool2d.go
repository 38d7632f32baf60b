package kernel

import (
	"sync/atomic"

	"github.com/emberml/ember/internal/parallel"
)

// Pool2D takes the maximum or the mean of windows of each plane of contiguous
// arrays x [N, C, H, W], y [N, C, OutH, OutW]. Window (i, j) covers rows
// i*StrideH + r*DilationH - PadTop for r < KH, and columns likewise, those
// inside the plane. The caller decides OutH and OutW (so a ceiling mode is its
// matter); a window wholly outside gives -Inf, or 0 as mean.
type Pool2D[T Float] struct {
	N, C, H, W           int
	OutH, OutW           int
	KH, KW               int
	StrideH, StrideW     int // 0 means 1
	DilationH, DilationW int // 0 means 1
	PadTop, PadLeft      int
	PadBottom, PadRight  int  // matter only to CountPad
	CountPad             bool // the mean counts elements in the padding as zeros

	pass   poolPass
	x, y   []T
	index  []int64
	astray uint32 // atomic: 1 once an index lies outside its plane

	tiles poolTiles[T]
}

// Max computes y and, unless index is nil, where in x each maximum was found:
// the first of equal values, or -1 for an empty window. NaN counts as the
// greatest value.
func (p *Pool2D[T]) Max(pool *parallel.Pool, y []T, index []int64, x []T) {
	p.x, p.y, p.index = x, y, index
	p.run(pool, poolMax)
}

// MaxGrad computes dx from dy and the index that Max has written; a negative one
// is dropped:
//
//	dx[index[n, c, i, j]] += dy[n, c, i, j]
//
// ok is false where an index lies outside its plane (n, c), which no index of
// Max does; dx is then not complete.
func (p *Pool2D[T]) MaxGrad(pool *parallel.Pool, dx, dy []T, index []int64) (ok bool) {
	p.x, p.y, p.index, p.astray = dx, dy, index, 0
	p.run(pool, poolMaxGrad)
	return p.astray == 0
}

// Mean computes the mean of each window, over its elements inside the plane,
// or with CountPad over those inside the padded plane.
func (p *Pool2D[T]) Mean(pool *parallel.Pool, y, x []T) {
	p.x, p.y = x, y
	p.run(pool, poolMean)
}

// MeanGrad computes dx from dy: every element of a window receives an equal
// part.
func (p *Pool2D[T]) MeanGrad(pool *parallel.Pool, dx, dy []T) {
	p.x, p.y = dx, dy
	p.run(pool, poolMeanGrad)
}

// poolPass is what a run does with each plane: a number and not a method value,
// which would be allocated.
type poolPass uint8

const (
	poolMax poolPass = iota
	poolMaxGrad
	poolMean
	poolMeanGrad
)

func (p *Pool2D[T]) run(pool *parallel.Pool, pass poolPass) {
	if p.N*p.C*p.H*p.W < 1<<13 {
		pool = nil
	}
	p.pass = pass
	p.tiles.plan(p, pool.Threads())
	pool.For(p.N*p.C, (*poolTask[T])(p))
	p.x, p.y, p.index = nil, nil, nil
}

type poolTask[T Float] Pool2D[T]

func (t *poolTask[T]) Do(lo, hi, worker int) {
	p := (*Pool2D[T])(t)
	for i := lo; i < hi; i++ {
		switch p.pass {
		case poolMax:
			p.maxPlane(i, worker)
		case poolMaxGrad:
			p.maxGradPlane(i)
		case poolMean:
			p.meanPlane(i, worker)
		default:
			p.meanGradPlane(i)
		}
	}
}

// window is the part of a window along one axis: indices lo, lo+step, … below
// hi, and count elements if padding counts.
type window struct{ lo, hi, step, count int }

// windowAt returns window i along an axis of the given size.
func windowAt(i, size, kernel, stride, dilation, before, after int) window {
	stride, dilation = max(1, stride), max(1, dilation)
	lo := i*stride - before
	hi := lo + dilation*(kernel-1) + 1
	padded := min(hi, size+after)
	count := max(0, (padded-lo+dilation-1)/dilation)
	if lo < 0 {
		lo += (-lo + dilation - 1) / dilation * dilation
	}
	return window{lo, min(hi, size), dilation, count}
}

func (p *Pool2D[T]) rows(i int) window {
	return windowAt(i, p.H, p.KH, p.StrideH, p.DilationH, p.PadTop, p.PadBottom)
}

func (p *Pool2D[T]) cols(j int) window {
	return windowAt(j, p.W, p.KW, p.StrideW, p.DilationW, p.PadLeft, p.PadRight)
}

// inside returns the number of elements of a window inside the plane.
func (w window) inside() int { return max(0, (w.hi-w.lo+w.step-1)/w.step) }

// planes returns the input, the output and the index of a plane.
func (p *Pool2D[T]) planes(plane int) (x, y []T, index []int64) {
	in, out := p.H*p.W, p.OutH*p.OutW
	x, y = p.x[plane*in:][:in], p.y[plane*out:][:out]
	if p.index != nil {
		index = p.index[plane*out:][:out]
	}
	return x, y, index
}

func (p *Pool2D[T]) maxPlane(plane, worker int) {
	x, y, index := p.planes(plane)
	base := plane * p.H * p.W
	if p.halves() {
		p.maxHalves(base, x, y, index)
		return
	}
	if p.tiles.usable {
		p.tiles.max(p, base, worker, x, y, index)
		return
	}
	for i := range p.OutH {
		for j := range p.OutW {
			best, where := p.maxWindow(x, i, j)
			at := i*p.OutW + j
			y[at] = best
			if index != nil {
				if where >= 0 {
					where += base
				}
				index[at] = int64(where)
			}
		}
	}
}

// maxWindow returns the maximum of a window of a plane, and where it is, or -1.
func (p *Pool2D[T]) maxWindow(x []T, i, j int) (best T, where int) {
	rows, cols := p.rows(i), p.cols(j)
	best, where = inf[T](-1), -1
	for h := rows.lo; h < rows.hi; h += rows.step {
		for w := cols.lo; w < cols.hi; w += cols.step {
			v := x[h*p.W+w]
			if v > best || where < 0 || isNaN(v) && !isNaN(best) {
				best, where = v, h*p.W+w
			}
		}
	}
	return best, where
}

// halves reports whether the windows are 2×2, side by side and full: the usual
// case, for which there is a loop without branches.
func (p *Pool2D[T]) halves() bool {
	return p.KH == 2 && p.KW == 2 && p.StrideH == 2 && p.StrideW == 2 &&
		p.DilationH <= 1 && p.DilationW <= 1 && p.PadTop == 0 && p.PadLeft == 0 &&
		2*p.OutH <= p.H && 2*p.OutW <= p.W
}

// maxHalves is maxPlane for windows as halves says; the plane begins at base.
func (p *Pool2D[T]) maxHalves(base int, x, y []T, index []int64) {
	t := loopsOf[T]()
	for i := range p.OutH {
		out := y[i*p.OutW:][:p.OutW]
		top, bottom := x[2*i*p.W:][:2*p.OutW], x[(2*i+1)*p.W:][:2*p.OutW]
		if index == nil {
			for j := range out {
				out[j] = max(top[2*j], top[2*j+1], bottom[2*j], bottom[2*j+1])
			}
			continue
		}
		t.maxPairs(out, index[i*p.OutW:][:p.OutW], top, bottom, base+2*i*p.W, p.W)
	}
}

func (p *Pool2D[T]) maxGradPlane(plane int) {
	dx, dy, index := p.planes(plane)
	clear(dx)
	base := int64(plane * p.H * p.W)
	for i, at := range index {
		switch k := at - base; {
		case uint64(k) < uint64(len(dx)):
			dx[k] += dy[i]
		case at >= 0:
			atomic.StoreUint32(&p.astray, 1)
		}
	}
}

func (p *Pool2D[T]) meanPlane(plane, worker int) {
	x, y, _ := p.planes(plane)
	if p.tiles.usable {
		p.tiles.sum(p, worker, x, y)
		Zip(Div, y, y, 1, p.tiles.counts, 1)
		return
	}
	at := 0
	for i := range p.OutH {
		rows := p.rows(i)
		for j := range p.OutW {
			cols := p.cols(j)
			var sum T
			for h := rows.lo; h < rows.hi; h += rows.step {
				for w := cols.lo; w < cols.hi; w += cols.step {
					sum += x[h*p.W+w]
				}
			}
			if n := p.share(rows, cols); n > 0 {
				sum /= T(n)
			}
			y[at] = sum
			at++
		}
	}
}

// share returns the number that a window's sum is divided by.
func (p *Pool2D[T]) share(rows, cols window) int {
	if p.CountPad {
		return rows.count * cols.count
	}
	return rows.inside() * cols.inside()
}

func (p *Pool2D[T]) meanGradPlane(plane int) {
	dx, dy, _ := p.planes(plane)
	clear(dx)
	at := 0
	for i := range p.OutH {
		rows := p.rows(i)
		for j := range p.OutW {
			cols := p.cols(j)
			d := dy[at]
			if n := p.share(rows, cols); n > 0 {
				d /= T(n)
			}
			at++
			for h := rows.lo; h < rows.hi; h += rows.step {
				for w := cols.lo; w < cols.hi; w += cols.step {
					dx[h*p.W+w] += d
				}
			}
		}
	}
}
