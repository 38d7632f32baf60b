package kernel

// The inner loops of a convolution that reads images where they lie: what tap p
// of the kernel meets is the image itself, offsets[p] further on.

const (
	// convLanes is the number of pixels of a vector, and of images that are
	// interleaved where rows are short.
	convLanes = 8
	// convTileRows is the number of output channels of a tile.
	convTileRows = 4
	// convTileVectors is the most vectors of pixels of a tile.
	convTileVectors = 3
	// convDepth is the most products that are added up before they are added
	// to the result.
	convDepth = 256
)

// convTile is one call of loops.convTile.
type convTile struct {
	rows, k    int
	astep      int // from one tile of rows to the next
	reach      int // the greatest offset
	bstep      int // from one vector of pixels to the next
	ldc, cstep int // from one row of the result, and one vector, to the next
	vectors    int
	most, last int // pixels of each vector, and of the last one
	add        bool
}

// convEnding is what a tile does to its sums: it adds the bias of each row and a
// residual that lies as the result does, and keeps the sum between two bounds.
// Each of them may be nil.
type convEnding[T Float] struct{ bias, residual, bounds []T }

// from is the ending of the columns from one on.
func (e convEnding[T]) from(column int) convEnding[T] {
	if e.residual != nil {
		e.residual = e.residual[column:]
	}
	return e
}

// goConvTile defines loops.convTile.
func goConvTile[T Float](t convTile, a, b []T, offsets []int, c []T, e convEnding[T]) {
	for i := range t.rows {
		a := a[i/convTileRows*t.astep+i%convTileRows:]
		for v := range t.vectors {
			n := t.most
			if v == t.vectors-1 {
				n = t.last
			}
			out := c[i*t.ldc+v*t.cstep:][:n]
			for j := 0; j < n; j += 4 {
				w := min(4, n-j)
				var sum [4]T
				if w == 4 {
					sum = goConvDot4(a, b[v*t.bstep+j:], offsets[:t.k])
				} else {
					for l := range w {
						sum[l] = goConvDot1(a, b[v*t.bstep+j+l:], offsets[:t.k])
					}
				}
				for l := range w {
					s := sum[l]
					if e.bias != nil {
						s += e.bias[i]
					}
					if t.add {
						s += out[j+l]
					}
					if e.residual != nil {
						s += e.residual[i*t.ldc+v*t.cstep+j+l]
					}
					if e.bounds != nil {
						s = clip(s, e.bounds[0], e.bounds[1])
					}
					out[j+l] = s
				}
			}
		}
	}
}

// clip keeps what is a number between two bounds.
func clip[T Float](x, low, high T) T {
	if x < low {
		x = low
	}
	if x > high {
		x = high
	}
	return x
}

// goConvDot4 sums one row of weights with four pixels.
func goConvDot4[T Float](a, b []T, offsets []int) [4]T {
	var s0, s1, s2, s3 T
	at := 0
	for _, o := range offsets {
		x, w := b[o:][:4], a[at]
		s0 += T(w * x[0])
		s1 += T(w * x[1])
		s2 += T(w * x[2])
		s3 += T(w * x[3])
		at += convTileRows
	}
	return [4]T{s0, s1, s2, s3}
}

func goConvDot1[T Float](a, b []T, offsets []int) (s T) {
	at := 0
	for _, o := range offsets {
		s += T(a[at] * b[o])
		at += convTileRows
	}
	return s
}

// goDepthTile defines loops.depthTile.
func goDepthTile[T Float](rows int, w, b []T, ldb int, offsets []int, c []T, ldc, n int, bias T) {
	for i := range rows {
		out := c[i*ldc:][:n]
		fill(out, bias)
		for p, o := range offsets {
			v := w[p]
			for j, x := range b[i*ldb+o:][:n] {
				out[j] += T(v * x)
			}
		}
	}
}

// goConvDot defines loops.convDot.
func goConvDot[T Float](d convDot, a, b []T, offsets []int, sum []T) {
	for i := range d.rows {
		for t := range d.taps {
			acc := sum[(i*d.taps+t)*convLanes:][:convLanes]
			for l := range d.lines {
				x := b[offsets[t]+l*d.bline:][:d.n]
				for j, v := range a[i*d.lda+l*d.aline:][:d.n] {
					acc[j%convLanes] += T(v * x[j])
				}
			}
		}
	}
}

// reach returns the greatest of some offsets.
func reach(offsets []int) int {
	most := 0
	for _, o := range offsets {
		most = max(most, o)
	}
	return most
}

// goPadLines defines loops.padLines.
func goPadLines[T Float](dst []T, ldd int, src []T, lds, n, lines int) {
	for l := range lines {
		copy(dst[l*ldd:], src[l*lds:][:n])
	}
}

// goUnzip defines loops.unzip.
func goUnzip[T Float](even, odd, src []T) {
	for i := range odd {
		even[i], odd[i] = src[2*i], src[2*i+1]
	}
	if len(even) > len(odd) {
		even[len(odd)] = src[2*len(odd)]
	}
}

// convDot is one call of loops.convDot.
type convDot struct {
	rows, taps int
	lines, n   int
	lda        int // from one row to the next
	aline      int // from one line of a row to the next
	bline      int
}

// bounds returns the bounds that an activation keeps its argument between, if
// that is all it does.
func bounds[T Float](a *Unary) (low, high T, ok bool) {
	switch {
	case a == nil:
		return 0, 0, false
	case a.Op == Relu:
		return 0, inf[T](1), true
	case a.Op == Clip:
		return T(a.Alpha), T(a.Beta), true
	}
	return 0, 0, false
}
