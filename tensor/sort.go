package tensor

import (
	"cmp"
	"fmt"
	"slices"
)

// Sort returns t with the elements of each line along axis in ascending or
// descending order. NaN counts as the largest number, strings compare byte by
// byte, and equal elements keep their order.
func Sort(t *Tensor, axis int, descending bool) *Tensor {
	return along("sort", t, axis, ArgSort(t, axis, descending))
}

// ArgSort returns the Int64 indices along axis that put t in the order of
// [Sort].
func ArgSort(t *Tensor, axis int, descending bool) *Tensor {
	axis = axisOf("argsort", axis, t.Rank(), t.shape)
	last := t.moveAxis(axis, t.Rank()-1)
	out := New(Int64, last.shape...)
	if out.Len() == 0 {
		return out.moveAxis(t.Rank()-1, axis)
	}
	rows := Cast(last.Contiguous(), wideType(t.dtype))
	switch rows.dtype {
	case Float64:
		argSortRows[float64](out, rows, descending)
	case Int64:
		argSortRows[int64](out, rows, descending)
	case Uint64:
		argSortRows[uint64](out, rows, descending)
	default:
		argSortRows[string](out, rows, descending)
	}
	return out.moveAxis(t.Rank()-1, axis).Contiguous()
}

// TopK returns the k largest (or smallest) elements of each line along axis, in
// that order, and their Int64 indices. Equal elements come by lower index; NaN
// counts as the largest number.
func TopK(t *Tensor, k, axis int, largest bool) (values, indices *Tensor) {
	axis = axisOf("topk", axis, t.Rank(), t.shape)
	if k < 0 || k > t.shape[axis] {
		panic(&ShapeError{"topk", []Shape{t.shape}, fmt.Sprintf("k = %d is outside axis %d", k, axis)})
	}
	indices = ArgSort(t, axis, largest).Slice(axis, 0, k, 1).Contiguous()
	return along("topk", t, axis, indices), indices
}

// Distinct is what [Unique] finds: n distinct elements.
type Distinct struct {
	Values  *Tensor // [n], ascending as in [Sort]
	First   *Tensor // [n] Int64: where each first stands in the flattened input
	Inverse *Tensor // [len] Int64: which value each element of the input is
	Counts  *Tensor // [n] Int64: how often each occurs
}

// Unique returns the distinct elements of t, flattened; all NaNs count as one.
func Unique(t *Tensor) Distinct {
	flat := t.Reshape(-1)
	order := Data[int64](ArgSort(flat, 0, false))
	sorted := along("unique", flat, 0, Of(order))
	n := len(order)
	isNew := make([]bool, n)
	if n > 0 {
		this, before := sorted.Slice(0, 1, n, 1), sorted.Slice(0, 0, n-1, 1)
		differ := And(NotEqual(this, before), Not(And(IsNaN(this), IsNaN(before))))
		isNew[0] = true
		copy(isNew[1:], Data[bool](differ))
	}
	inverse := make([]int64, n)
	var first, counts []int64
	for i, k := range order {
		if isNew[i] {
			first, counts = append(first, k), append(counts, 0)
		}
		inverse[k] = int64(len(first) - 1)
		counts[len(counts)-1]++
	}
	return Distinct{along("unique", flat, 0, Of(first)), Of(first), Of(inverse), Of(counts)}
}

func argSortRows[T ordered](out, rows *Tensor, descending bool) {
	idx, from := Data[int64](out), Data[T](rows)
	n := rows.shape[rows.Rank()-1]
	for ; len(idx) > 0; idx, from = idx[n:], from[n:] {
		row := idx[:n]
		for i := range row {
			row[i] = int64(i)
		}
		slices.SortStableFunc(row, func(i, j int64) int {
			if descending {
				i, j = j, i
			}
			return compareNaNLast(from[i], from[j])
		})
	}
}

func compareNaNLast[T ordered](x, y T) int {
	if x != x || y != y {
		return cmp.Compare(b2i(x != x), b2i(y != y))
	}
	return cmp.Compare(x, y)
}

// along is GatherElements for indices that this package made.
func along(op string, t *Tensor, axis int, indices *Tensor) *Tensor {
	out, err := GatherElements(t, axis, indices)
	if err != nil {
		panic(fmt.Errorf("tensor: %s: %w", op, err))
	}
	return out
}

// moveAxis returns a view with one axis moved to another place.
func (t *Tensor) moveAxis(from, to int) *Tensor {
	perm := make([]int, 0, t.Rank())
	for i := range t.Rank() {
		if i != from {
			perm = append(perm, i)
		}
	}
	return t.Transpose(slices.Insert(perm, to, from)...)
}
