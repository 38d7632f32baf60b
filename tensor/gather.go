package tensor

import (
	"fmt"
	"slices"
)

// IndexError reports an index, taken from data, that is outside its axis.
type IndexError struct {
	Op     string // the operation, such as "gather"
	Index  int    // the index as given
	Axis   int    // the axis it was for
	Extent int    // that axis's extent
}

// Error returns one line such as "gather: index 7 is outside axis 0 of extent 5".
func (e *IndexError) Error() string {
	return fmt.Sprintf("%s: index %d is outside axis %d of extent %d", e.Op, e.Index, e.Axis, e.Extent)
}

// Gather returns the slices of t along axis that the integers of indices name
// (NumPy's take, ONNX's Gather): the result has the axes of indices in place of
// axis. Negative indices count from the end; one outside the axis is an
// [*IndexError].
func Gather(t *Tensor, axis int, indices *Tensor) (*Tensor, error) {
	axis = axisOf("gather", axis, t.Rank(), t.shape)
	idx, err := indicesFor("gather", indices, axis, t.shape[axis])
	if err != nil {
		return nil, err
	}
	shape := slices.Concat(t.shape[:axis], indices.shape, t.shape[axis+1:])
	return takeAlong(t, axis, idx).Reshape(shape...), nil
}

// GatherElements returns out[…, i, …] = t[…, indices[…, i, …], …], where i is on
// the given axis (NumPy's take_along_axis, ONNX's GatherElements). The result
// has the shape of indices, which has t's rank and on the other axes no larger
// extents.
func GatherElements(t *Tensor, axis int, indices *Tensor) (*Tensor, error) {
	pos, err := positionsAlong("gather elements", t, axis, indices)
	if err != nil {
		return nil, err
	}
	out := New(t.dtype, indices.shape...)
	moverFor(t.dtype).pick(out, t, pos)
	return out, nil
}

// ScatterAdd returns a copy of t in which each updates[…, i, …] is added to the
// element [GatherElements] would have read for it, in row-major order (PyTorch's
// scatter_add). updates has the shape of indices and t's type.
func ScatterAdd(t *Tensor, axis int, indices, updates *Tensor) (*Tensor, error) {
	checkUpdates("scatter add", t, updates, indices.shape)
	compute := computeType(t.dtype)
	sum := Cast(t, compute).Clone()
	pos, err := positionsAlong("scatter add", sum, axis, indices)
	if err != nil {
		return nil, err
	}
	addAt(sum, pos, Cast(updates, compute))
	return Cast(sum, t.dtype), nil
}

// IndexAdd returns a copy of t in which each slice of updates is added to the
// slice of t along axis that [Gather] would have read for it, in row-major order:
// the gradient of an embedding. updates has the shape of Gather's result and t's
// type.
func IndexAdd(t *Tensor, axis int, indices, updates *Tensor) (*Tensor, error) {
	axis = axisOf("index add", axis, t.Rank(), t.shape)
	checkUpdates("index add", t, updates, slices.Concat(t.shape[:axis], indices.shape, t.shape[axis+1:]))
	idx, err := indicesFor("index add", indices, axis, t.shape[axis])
	if err != nil {
		return nil, err
	}
	compute := computeType(t.dtype)
	sum := Cast(t, compute).Clone()
	outer, inner := t.shape[:axis].Len(), t.shape[axis+1:].Len()
	pos := make([]int, 0, updates.Len())
	for o := range outer {
		for _, k := range idx {
			for i := range inner {
				pos = append(pos, (o*t.shape[axis]+k)*inner+i)
			}
		}
	}
	addAt(sum, pos, Cast(updates, compute))
	return Cast(sum, t.dtype), nil
}

// indicesFor returns the integers of indices with negative ones counted from the
// end of an axis of extent n.
func indicesFor(op string, indices *Tensor, axis, n int) ([]int, error) {
	if !indices.dtype.IsInteger() {
		panic(&ShapeError{op, []Shape{indices.shape}, "indices are " + indices.dtype.String() + ", not integers"})
	}
	idx := Ints(indices)
	for i, k := range idx {
		if k < -n || k >= n {
			return nil, &IndexError{op, k, axis, n}
		}
		if k < 0 {
			idx[i] += n
		}
	}
	return idx, nil
}

// takeAlong returns the slices of t along axis at the given valid indices.
func takeAlong(t *Tensor, axis int, idx []int) *Tensor {
	shape := t.shape.Clone()
	shape[axis] = len(idx)
	out := New(t.dtype, shape...)
	outer, inner := t.shape[:axis].Len(), t.shape[axis+1:].Len()
	moverFor(t.dtype).take(out, t.Contiguous().Reshape(outer, t.shape[axis], inner), idx)
	return out
}

// positionsAlong returns where in t's storage the element is that each of
// indices names along axis.
func positionsAlong(op string, t *Tensor, axis int, indices *Tensor) ([]int, error) {
	axis = axisOf(op, axis, t.Rank(), t.shape, indices.shape)
	if indices.Rank() != t.Rank() {
		panic(&ShapeError{op, []Shape{t.shape, indices.shape}, "ranks differ"})
	}
	for i, n := range indices.shape {
		if i != axis && n > t.shape[i] {
			panic(&ShapeError{op, []Shape{t.shape, indices.shape}, fmt.Sprintf("indices are larger along axis %d", i)})
		}
	}
	idx, err := indicesFor(op, indices, axis, t.shape[axis])
	if err != nil {
		return nil, err
	}
	// The start of the line along axis through each element.
	lines := t.view(indices.shape, slices.Clone(t.strides), t.offset)
	lines.strides[axis] = 0
	pos := idx[:0]
	newLoop(lines.shape, lines).rows(func(n int, start, step []int) {
		for i := range n {
			pos = append(pos, start[0]+i*step[0]+idx[len(pos)]*t.strides[axis])
		}
	})
	return pos, nil
}

func checkUpdates(op string, t, updates *Tensor, want Shape) {
	if !updates.shape.Equal(want) || updates.dtype != t.dtype {
		panic(&ShapeError{
			op,
			[]Shape{t.shape, updates.shape},
			fmt.Sprintf("updates are %v %v, want %v %v", updates.dtype, updates.shape, t.dtype, want),
		})
	}
}

// addAt adds element i of updates, in row-major order, to element pos[i] of t's
// storage. Both have one compute type.
func addAt(t *Tensor, pos []int, updates *Tensor) {
	switch t.dtype {
	case Float32:
		addElements[float32](t, pos, updates)
	case Float64:
		addElements[float64](t, pos, updates)
	case Int64:
		addElements[int64](t, pos, updates)
	default:
		addElements[uint64](t, pos, updates)
	}
}

func addElements[T number](t *Tensor, pos []int, updates *Tensor) {
	to, from := storage[T](t), Data[T](updates.Contiguous())
	for i, p := range pos {
		to[p] += from[i]
	}
}
