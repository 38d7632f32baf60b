package tensor

// CumSum returns the running sum along axis: element i is the sum of elements 0
// to i of t. Types are those of [Sum].
func CumSum(t *Tensor, axis int) *Tensor {
	axis = axisOf("cumsum", axis, t.Rank(), t.shape)
	if t.dtype == String {
		panic(&ShapeError{"cumsum", []Shape{t.shape}, "not defined for string"})
	}
	out := Cast(t, wideType(t.dtype)).Clone()
	for i := 1; i < t.shape[axis]; i++ {
		sum := Add(out.Slice(axis, i-1, i, 1), out.Slice(axis, i, i+1, 1))
		CopyInto(out.Slice(axis, i, i+1, 1), sum)
	}
	return Cast(out, sumType(t.dtype))
}
