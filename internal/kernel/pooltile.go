package kernel

// poolTiles takes maxima and sums of windows by vectors of pixels: every tap of
// a window meets a shifted view of the plane, as in a convolution.
type poolTiles[T Float] struct {
	usable    bool
	t         *loops[T]
	source    convSource
	padding   poolPadding
	offsets   []int
	deltas    []int32 // from the first element of a window to what its taps meet
	ones      []T
	perWorker []T // prepared planes, and an index that nobody wants
	index     []int64
	counts    []T // elements of each window that count, at least 1
	planeLen  int
	threads   int
}

// poolPadding is what counts in a mean, beside the source.
type poolPadding struct {
	bottom, right int
	count         bool
}

// poolMostTaps is the size of windows above which the direct loop is as good.
const poolMostTaps = 64

// plan prepares the tiles. Their memory is kept for the next run.
func (q *poolTiles[T]) plan(p *Pool2D[T], threads int) {
	q.usable = (p.pass == poolMax && !p.halves() || p.pass == poolMean) && p.KH*p.KW <= poolMostTaps && p.OutH > 0 && p.OutW > 1 && p.N*p.C > 0
	if !q.usable {
		return
	}
	q.t = loopsOf[T]()
	v := convWindow{p.H, p.OutH, p.KH, max(1, p.StrideH), max(1, p.DilationH), p.PadTop}
	h := convWindow{p.W, p.OutW, p.KW, max(1, p.StrideW), max(1, p.DilationW), p.PadLeft}
	source := newConvSource(v, h, 1)
	source.copied = true // whole vectors are read, beyond the plane as well
	q.planeLen = source.plane() + convLanes*convTileVectors
	padding := poolPadding{p.PadBottom, p.PadRight, p.CountPad}
	if q.source != source || q.padding != padding || len(q.offsets) != p.KH*p.KW || q.threads < threads {
		q.source, q.padding, q.threads = source, padding, threads
		q.offsets, q.deltas, q.ones = q.offsets[:0], q.deltas[:0], q.ones[:0]
		for r := range p.KH {
			for s := range p.KW {
				q.offsets = append(q.offsets, source.tap(r, s))
				q.deltas = append(q.deltas, int32(r*v.dilation*p.W+s*h.dilation))
				q.ones = append(q.ones, 1)
			}
		}
		q.perWorker = make([]T, threads*q.planeLen)
		q.index = make([]int64, threads*p.OutW)
		q.counts = make([]T, p.OutH*p.OutW)
		for i := range p.OutH {
			for j := range p.OutW {
				q.counts[i*p.OutW+j] = T(max(1, p.share(p.rows(i), p.cols(j))))
			}
		}
	}
}

// prepare returns a plane as the taps meet it, padded with a value.
func (q *poolTiles[T]) prepare(worker int, x []T, padding T) []T {
	dst := q.perWorker[worker*q.planeLen:][:q.planeLen]
	fill(dst, padding)
	prepareInside(q.t, &q.source, dst, x)
	return dst
}

// max takes the maxima of a plane that begins at base.
func (q *poolTiles[T]) max(p *Pool2D[T], base, worker int, x, y []T, index []int64) {
	lowest := inf[T](-1)
	b := q.prepare(worker, x, lowest)
	at := q.index[worker*p.OutW:][:p.OutW]
	step := max(1, p.StrideW)
	for i := range p.OutH {
		out := y[i*p.OutW:][:p.OutW]
		if index != nil {
			at = index[i*p.OutW:][:p.OutW]
		}
		first := base + (i*max(1, p.StrideH)-p.PadTop)*p.W - p.PadLeft
		q.t.maxTile(p.OutW, b[i*q.source.outRow:], q.offsets, q.deltas, out, at, first, step)
		for j, v := range at {
			if v >= 0 {
				continue
			}
			if _, where := p.maxWindow(x, i, j); where >= 0 { // all are -Inf
				at[j] = int64(base + where)
			}
		}
	}
}

// sum takes the sums of the windows of a plane.
func (q *poolTiles[T]) sum(p *Pool2D[T], worker int, x, y []T) {
	b := q.prepare(worker, x, 0)
	for j := 0; j < p.OutW; j += convTileVectors * convLanes {
		n := min(p.OutW-j, convTileVectors*convLanes)
		rows := depthTileRows(n)
		for i := 0; i < p.OutH; i += rows {
			q.t.depthTile(min(rows, p.OutH-i), q.ones, b[i*q.source.outRow+j:], q.source.outRow, q.offsets, y[i*p.OutW+j:], p.OutW, n, 0)
		}
	}
}

// goMaxTile defines loops.maxTile.
func goMaxTile[T Float](n int, b []T, offsets []int, deltas []int32, y []T, index []int64, start, step int) {
	for j := range n {
		best, at := inf[T](-1), -1
		for p, o := range offsets {
			if v := b[o+j]; v > best || isNaN(v) && !isNaN(best) {
				best, at = v, start+j*step+int(deltas[p])
			}
		}
		y[j], index[j] = best, int64(at)
	}
}

// goMaxPairs defines loops.maxPairs.
func goMaxPairs[T Float](y []T, index []int64, top, bottom []T, start, width int) {
	top, bottom = top[:2*len(y)], bottom[:2*len(y)]
	for j := range y {
		a, b, c, d := top[2*j], top[2*j+1], bottom[2*j], bottom[2*j+1]
		up, down := max(a, b), max(c, d)
		first := start + 2*j
		here, below := first, first+width
		if b > a {
			here++
		}
		if d > c {
			below++
		}
		if down > up {
			here = below
		}
		best := max(up, down)
		if isNaN(best) {
			here = firstMax([4]T{a, b, c, d}, [4]int{first, first + 1, first + width, first + width + 1})
		}
		y[j], index[j] = best, int64(here)
	}
}

// firstMax returns the position of the first of the greatest values, NaN being
// the greatest.
func firstMax[T Float](v [4]T, at [4]int) int {
	best := 0
	for i := 1; i < len(v); i++ {
		if v[i] > v[best] || isNaN(v[i]) && !isNaN(v[best]) {
			best = i
		}
	}
	return at[best]
}
