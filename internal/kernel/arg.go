package kernel

import "github.com/emberml/ember/internal/parallel"

// Arg finds where the maximum (or minimum) of the middle dimension is:
//
//	Dst[o*Inner + i] = the first r with the greatest Src[(o*Len + r)*Inner + i]
//
// NaN counts as the greatest (or least) value. Len is at least 1.
type Arg[T Number] struct {
	Min, Last         bool // the minimum; the last of equal values
	Outer, Len, Inner int
	Dst               []int64
	Src               []T
}

// argColumns is how many columns are searched at a time.
const argColumns = 256

// blocks is how many blocks of columns there are.
func (a *Arg[T]) blocks() int { return (a.Inner + argColumns - 1) / argColumns }

// Run computes the positions.
func (a *Arg[T]) Run(pool *parallel.Pool) {
	if a.Outer*a.Len*a.Inner < 1<<14 {
		pool = nil
	}
	pool.For(a.Outer*a.blocks(), (*argTask[T])(a))
}

type argTask[T Number] Arg[T]

// Do searches blocks of columns; block b of outer index o is o*blocks + b.
func (t *argTask[T]) Do(lo, hi, _ int) {
	a := (*Arg[T])(t)
	for i := lo; i < hi; i++ {
		o, from := i/a.blocks(), i%a.blocks()*argColumns
		src := a.Src[o*a.Len*a.Inner:][:a.Len*a.Inner]
		if a.Inner == 1 {
			a.Dst[o] = int64(a.run(src))
			continue
		}
		a.columns(a.Dst[o*a.Inner+from:][:min(argColumns, a.Inner-from)], src[from:])
	}
}

// run is Arg of a contiguous run.
func (a *Arg[T]) run(src []T) int {
	op := ReduceMax
	if a.Min {
		op = ReduceMin
	}
	best := reduceRun(op, src)
	// There is no NaN unless best is one.
	if a.Last {
		for i := len(src) - 1; i > 0; i-- {
			if v := src[i]; v == best || isNaN(v) {
				return i
			}
		}
		return 0
	}
	for i, v := range src {
		if v == best || isNaN(v) {
			return i
		}
	}
	return 0
}

// columns is Arg of neighboring columns, row by row.
func (a *Arg[T]) columns(dst []int64, src []T) {
	var room [argColumns]T
	best := room[:len(dst)]
	copy(best, src)
	clear(dst)
	for r := 1; r < a.Len; r++ {
		row := src[r*a.Inner:][:len(dst)]
		for i, v := range row {
			if a.replaces(v, best[i]) {
				best[i], dst[i] = v, int64(r)
			}
		}
	}
}

// replaces tells whether v, which comes later, takes the place of the best so far.
func (a *Arg[T]) replaces(v, best T) bool {
	switch {
	case v == best || isNaN(v) && isNaN(best):
		return a.Last
	case isNaN(v) || isNaN(best):
		return isNaN(v)
	case a.Min:
		return v < best
	default:
		return v > best
	}
}
