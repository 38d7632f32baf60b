package tensor

// loop walks the elements of tensors of one shape together, row by row. Axes of
// extent 1 are dropped and axes that are contiguous in every operand are merged,
// so that contiguous operands have a single row.
type loop struct {
	shape   []int   // merged extents, outermost first; at least one
	strides [][]int // per operand
	start   []int   // per operand, the position of its first element
}

// newLoop returns the loop over operands that all have the given shape.
func newLoop(shape Shape, operands ...*Tensor) *loop {
	l := &loop{strides: make([][]int, len(operands)), start: make([]int, len(operands))}
	for k, t := range operands {
		l.start[k] = t.offset
	}
	for axis, n := range shape {
		if n == 1 {
			continue
		}
		if last := len(l.shape) - 1; last >= 0 && l.mergeable(operands, axis, n) {
			l.shape[last] *= n
			for k, t := range operands {
				l.strides[k][last] = t.strides[axis]
			}
			continue
		}
		l.shape = append(l.shape, n)
		for k, t := range operands {
			l.strides[k] = append(l.strides[k], t.strides[axis])
		}
	}
	if len(l.shape) == 0 {
		l.shape = []int{1}
		for k := range operands {
			l.strides[k] = []int{1}
		}
	}
	return l
}

// mergeable reports whether axis continues the last merged axis in every
// operand.
func (l *loop) mergeable(operands []*Tensor, axis, n int) bool {
	last := len(l.shape) - 1
	for k, t := range operands {
		if l.strides[k][last] != n*t.strides[axis] {
			return false
		}
	}
	return true
}

// rows calls f for each row of n elements, in row-major order: element i of
// operand k is at pos[k] + i*step[k]. f must not keep or change the slices.
func (l *loop) rows(f func(n int, pos, step []int)) {
	for _, n := range l.shape {
		if n == 0 {
			return
		}
	}
	last := len(l.shape) - 1
	step := make([]int, len(l.start))
	for k, s := range l.strides {
		step[k] = s[last]
	}
	pos := append([]int(nil), l.start...)
	idx := make([]int, last)
	for {
		f(l.shape[last], pos, step)
		axis := last - 1
		for ; axis >= 0; axis-- {
			idx[axis]++
			for k := range pos {
				pos[k] += l.strides[k][axis]
			}
			if idx[axis] < l.shape[axis] {
				break
			}
			for k := range pos {
				pos[k] -= l.shape[axis] * l.strides[k][axis]
			}
			idx[axis] = 0
		}
		if axis < 0 {
			return
		}
	}
}
