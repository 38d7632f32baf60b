package kernel

import "github.com/emberml/ember/internal/parallel"

// ReduceOp says how a reduction combines two values.
type ReduceOp uint8

// The reductions. NaN wins in ReduceMax and ReduceMin.
const (
	ReduceSum ReduceOp = iota
	ReduceProd
	ReduceMax
	ReduceMin
	reduceCount
)

// reduceBlock is the number of elements that a reduction combines in one run
// before it combines blocks; a constant, because it decides the bits.
const reduceBlock = 256

// Reduce combines the middle dimension of a contiguous array:
//
//	Dst[o*Inner + i] = Op over r < Len of Src[(o*Len + r)*Inner + i]
//
// for o < Outer, i < Inner. An empty sum is 0, an empty product 1, an empty
// maximum the least value (for floats -Inf). Sums run in blocks of 256 whose
// partial sums are added pairwise: error ≤ (256 + log2(Len))·ε·Σ|x|.
type Reduce[T Number] struct {
	Op                ReduceOp
	Outer, Len, Inner int
	Dst, Src          []T

	part []T
}

// blocks returns the number of blocks along the reduced dimension.
func (r *Reduce[T]) blocks() int { return max(1, (r.Len+reduceBlock-1)/reduceBlock) }

// ScratchLen returns the number of elements of scratch memory that Run needs.
func (r *Reduce[T]) ScratchLen() int {
	if r.blocks() == 1 {
		return 0
	}
	return r.Outer * r.Inner * r.blocks()
}

// Run computes the reduction. scratch has at least ScratchLen elements.
func (r *Reduce[T]) Run(pool *parallel.Pool, scratch []T) {
	if r.Outer*r.Inner == 0 {
		return
	}
	r.part = r.Dst
	if r.blocks() > 1 {
		r.part = scratch
	}
	if r.Outer*r.Len*r.Inner < 1<<14 {
		pool = nil
	}
	pool.For(r.Outer*r.blocks(), (*reduceTask[T])(r))
	if n := r.blocks(); n > 1 {
		for o := range r.Outer {
			r.merge(r.Dst[o*r.Inner:][:r.Inner], scratch[o*n*r.Inner:][:n*r.Inner])
		}
	}
	r.part = nil
}

type reduceTask[T Number] Reduce[T]

// Do reduces blocks; block b of outer index o is o*blocks + b.
func (t *reduceTask[T]) Do(lo, hi, _ int) {
	r := (*Reduce[T])(t)
	n := r.blocks()
	for i := lo; i < hi; i++ {
		from := i % n * reduceBlock
		if r.Inner == 1 && r.Op == ReduceSum {
			// whole blocks that lie one behind the other
			if count := min(hi-i, r.Len/reduceBlock-i%n); count > 0 {
				blockSums(r.part[i:i+count], r.Src[i/n*r.Len+from:][:count*reduceBlock])
				i += count - 1
				continue
			}
		}
		length := min(reduceBlock, r.Len-from)
		src := r.Src[(i/n*r.Len+from)*r.Inner:][:length*r.Inner]
		dst := r.part[i*r.Inner:][:r.Inner]
		if r.Inner == 1 {
			dst[0] = reduceRun(r.Op, src)
		} else {
			reduceColumns(r.Op, dst, src)
		}
	}
}

// merge combines the rows of parts pairwise, in place, into dst.
func (r *Reduce[T]) merge(dst, parts []T) {
	n := len(parts) / r.Inner
	for n > 1 {
		half := (n + 1) / 2
		combine(r.Op, parts[:(n-half)*r.Inner], parts[half*r.Inner:n*r.Inner])
		n = half
	}
	copy(dst, parts[:r.Inner])
}

// lanes is the number of interleaved partial results of a contiguous run.
const lanes = 8

// reduceRun combines a contiguous run: lane l takes elements l, l+8, …, and
// the lanes are combined pairwise.
func reduceRun[T Number](op ReduceOp, src []T) T {
	if run := loops32().reduceRun[op]; run != nil {
		if src, ok := any(src).([]float32); ok {
			return T(run(src))
		}
	}
	switch op {
	case ReduceSum:
		return sumRun(src)
	case ReduceMax:
		return maxRun(src)
	case ReduceMin:
		return minRun(src)
	}
	var acc [lanes]T
	fillIdentity(op, acc[:])
	for len(src) >= lanes {
		combine(op, acc[:], src[:lanes])
		src = src[lanes:]
	}
	combine(op, acc[:len(src)], src)
	combine(op, acc[:4], acc[4:])
	combine(op, acc[:2], acc[2:4])
	combine(op, acc[:1], acc[1:2])
	return acc[0]
}

// maxRun is the greatest of a contiguous run, NaN if there is one.
func maxRun[T Number](src []T) T {
	m0, _ := limits[T]()
	m1, m2, m3 := m0, m0, m0
	for len(src) >= 4 {
		x := src[:4]
		m0, m1, m2, m3 = max(m0, x[0]), max(m1, x[1]), max(m2, x[2]), max(m3, x[3])
		src = src[4:]
	}
	for _, v := range src {
		m0 = max(m0, v)
	}
	return max(m0, m1, m2, m3)
}

// minRun is the least of a contiguous run, NaN if there is one.
func minRun[T Number](src []T) T {
	_, m0 := limits[T]()
	m1, m2, m3 := m0, m0, m0
	for len(src) >= 4 {
		x := src[:4]
		m0, m1, m2, m3 = min(m0, x[0]), min(m1, x[1]), min(m2, x[2]), min(m3, x[3])
		src = src[4:]
	}
	for _, v := range src {
		m0 = min(m0, v)
	}
	return min(m0, m1, m2, m3)
}

// sumLanes is the number of interleaved partial sums of a run.
const sumLanes = 32

// sumRun is the sum of a contiguous run, in interleaved lanes.
func sumRun[T Number](src []T) T {
	if x, ok := any(src).([]float32); ok {
		return T(loops32().sum(x))
	}
	return goSum(src)
}

// goSum defines loops.sum: lane l takes elements l, l+32, …; lanes 16 apart are
// added up, then 8 apart, and so on.
func goSum[T Number](src []T) T {
	var acc [sumLanes]T
	for len(src) >= sumLanes {
		for i, v := range src[:sumLanes] {
			acc[i] += v
		}
		src = src[sumLanes:]
	}
	for i, v := range src {
		acc[i] += v
	}
	for n := sumLanes / 2; n > 0; n /= 2 {
		for i := range n {
			acc[i] += acc[i+n]
		}
	}
	return acc[0]
}

// blockSums computes the sums of blocks of reduceBlock elements.
func blockSums[T Number](dst, src []T) {
	if f := loops32().sumBlocks; f != nil {
		if x, ok := any(src).([]float32); ok {
			f(any(dst).([]float32), x)
			return
		}
	}
	for i := range dst {
		dst[i] = goSum(src[i*reduceBlock:][:reduceBlock])
	}
}

// reduceColumns combines rows of len(dst) elements.
func reduceColumns[T Number](op ReduceOp, dst, src []T) {
	if columns := loops32().columns[op]; columns != nil && len(src) > 0 {
		if dst, ok := any(dst).([]float32); ok {
			columns(dst, any(src).([]float32))
			return
		}
	}
	fillIdentity(op, dst)
	for len(src) > 0 {
		combine(op, dst, src[:len(dst)])
		src = src[len(dst):]
	}
}

// fillIdentity sets acc to the value that changes nothing.
func fillIdentity[T Number](op ReduceOp, acc []T) {
	var v T
	switch op {
	case ReduceProd:
		v = 1
	case ReduceMax:
		v, _ = limits[T]()
	case ReduceMin:
		_, v = limits[T]()
	}
	for i := range acc {
		acc[i] = v
	}
}

// combine takes elements or partial results into others.
func combine[T Number](op ReduceOp, acc, src []T) {
	acc = acc[:len(src)]
	switch op {
	case ReduceSum:
		zip(Add, acc, acc, src)
	case ReduceProd:
		zip(Mul, acc, acc, src)
	case ReduceMax:
		zip(Max, acc, acc, src)
	case ReduceMin:
		zip(Min, acc, acc, src)
	}
}
