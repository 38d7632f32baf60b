package kernel

import "fmt"

// CrossEntropy is the loss of rows of Cols logits whose right classes are given:
//
//	p = softmax of row r; W = Weight, or 1 if it is nil
//	loss[r] = (1-Smoothing)*W[target]*-log(p[target]) + Smoothing/Cols * sum of W[c]*-log(p[c])
//
// A negative target counts from the end. Variants differ in rounding.
type CrossEntropy[T Float] struct {
	Cols      int
	Smoothing float64
	Weight    []T
}

// shares are the numbers of a row that multiply -log(p): at the target, and of
// all elements together.
type shares[T Float] struct {
	right, spread, sum T // sum is of the spread times the weights
}

func (c *CrossEntropy[T]) shares() shares[T] {
	s := shares[T]{right: T(1 - c.Smoothing), spread: T(c.Smoothing / float64(c.Cols))}
	if s.spread == 0 {
		return s
	}
	s.sum = T(c.Smoothing)
	if c.Weight != nil {
		s.sum = s.spread * sumBlocks(c.Weight[:c.Cols])
	}
	return s
}

// at is the target of a row and its share in the loss.
func (c *CrossEntropy[T]) at(target int64, row int, s shares[T]) (int, T, error) {
	t, err := rowAt(int(target), c.Cols, row)
	if err != nil {
		return 0, 0, fmt.Errorf("target %d of row %d is none of %d classes", target, row, c.Cols)
	}
	if c.Weight == nil {
		return t, s.right, nil
	}
	return t, s.right * c.Weight[t], nil
}

// lossRows is how many rows share scratch memory.
const lossRows = 64

// ScratchLen returns the number of elements of scratch memory that Forward and
// Backward need.
func (c *CrossEntropy[T]) ScratchLen() int { return 2 * lossRows }

// Forward computes the loss of each of len(loss) rows of x. A target that is no
// class is an error. scratch has at least ScratchLen elements.
func (c *CrossEntropy[T]) Forward(loss, x []T, target []int64, scratch []T) error {
	s := c.shares()
	top, log := scratch[:lossRows], scratch[lossRows:2*lossRows]
	for first := 0; first < len(loss); first += lossRows {
		n := min(lossRows, len(loss)-first)
		rows := x[first*c.Cols:][:n*c.Cols]
		c.logSums(top[:n], log[:n], rows)
		for r := range n {
			row := rows[r*c.Cols:][:c.Cols]
			t, share, err := c.at(target[first+r], first+r, s)
			if err != nil {
				return err
			}
			l := share * (log[r] - (row[t] - top[r]))
			if s.spread != 0 {
				l += c.spread(row, top[r], log[r], s)
			}
			loss[first+r] = l
		}
	}
	return nil
}

func (c *CrossEntropy[T]) logSums(top, log, x []T) {
	if f := loopsOf[T]().logSums; f != nil && c.Cols >= rowLanes {
		f(top, log, x, c.Cols)
		return
	}
	if c.Cols == 0 {
		return
	}
	for r := range top {
		top[r], log[r] = logSum(x[r*c.Cols:][:c.Cols])
	}
}

// spread is the part of the loss that all classes share.
func (c *CrossEntropy[T]) spread(row []T, top, log T, s shares[T]) T {
	var sum T
	for k, v := range row {
		d := v - top
		if c.Weight != nil {
			d *= c.Weight[k]
		}
		sum += d
	}
	return T(s.sum*log) - T(s.spread*sum)
}

// Backward computes the gradient of the loss by x from the one by the loss:
//
//	s[c] = Smoothing/Cols*W[c] + (c == target ? (1-Smoothing)*W[c] : 0)
//	dx[r, c] = dLoss[r] * (p[r, c] * sum of s - s[c])
//
// dx may be x. scratch has at least ScratchLen elements.
func (c *CrossEntropy[T]) Backward(dx, dLoss, x []T, target []int64, scratch []T) error {
	s := c.shares()
	right, scale := scratch[:lossRows], scratch[lossRows:2*lossRows]
	var at [lossRows]int
	for first := 0; first < len(dLoss); first += lossRows {
		n := min(lossRows, len(dLoss)-first)
		for r, g := range dLoss[first:][:n] {
			t, share, err := c.at(target[first+r], first+r, s)
			if err != nil {
				return err
			}
			at[r], right[r], scale[r] = t, g*share, g*(share+s.sum)
		}
		from, to := first*c.Cols, (first+n)*c.Cols
		c.scaled(dx[from:to], x[from:to], scale[:n])
		for r, g := range dLoss[first:][:n] {
			row := dx[from+r*c.Cols:][:c.Cols]
			row[at[r]] -= right[r]
			switch {
			case s.spread == 0:
			case c.Weight != nil:
				AddScaled(row, -g*s.spread, c.Weight[:c.Cols])
			default:
				zipRight(Sub, row, row, g*s.spread)
			}
		}
	}
	return nil
}

func (c *CrossEntropy[T]) scaled(dst, src, scale []T) {
	if f := loopsOf[T]().softmaxScaled; f != nil && c.Cols >= rowLanes {
		f(dst, src, scale, c.Cols)
		return
	}
	goSoftmax(dst, src, c.Cols)
	for r, s := range scale {
		row := dst[r*c.Cols:][:c.Cols]
		zipRight(Mul, row, row, s)
	}
}
