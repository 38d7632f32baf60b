package tensor

// rowFunc reduces each row of in, a contiguous matrix of one wide type, to one
// element of out, a vector.
type rowFunc func(out, in *Tensor)

// perRow makes a rowFunc of f.
func perRow[T, R Element](f func(row []T) R) rowFunc {
	return func(out, in *Tensor) {
		to, from, n := Data[R](out), Data[T](in), in.shape[1]
		for i := range to {
			to[i] = f(from[i*n : (i+1)*n])
		}
	}
}

// reduction is a function of the elements along some axes, once for each wide
// type; its result has that type, or is an Int64 index.
type reduction struct {
	name          string
	f64, i64, u64 rowFunc
	nonempty      bool // needs at least one element
	index         bool // gives the index of an element
}

var (
	sumReduction  = reduction{name: "sum", f64: perRow(pairwiseSum), i64: perRow(sumInt[int64]), u64: perRow(sumInt[uint64])}
	prodReduction = reduction{name: "prod", f64: perRow(prodOf[float64]), i64: perRow(prodOf[int64]), u64: perRow(prodOf[uint64])}
	maxReduction  = reduction{name: "max", f64: perRow(maxRow[float64]), i64: perRow(maxRow[int64]), u64: perRow(maxRow[uint64]), nonempty: true}
	minReduction  = reduction{name: "min", f64: perRow(minRow[float64]), i64: perRow(minRow[int64]), u64: perRow(minRow[uint64]), nonempty: true}
)

// Sum returns the sum over the given axes, over all of them for nil; with
// keepDims they stay with extent 1. Floats keep their type, are added in float64
// (pairwise) and rounded once; signed integers and Bool give Int64, unsigned
// ones Uint64, as in NumPy.
func Sum(t *Tensor, axes []int, keepDims bool) *Tensor {
	return Cast(sumReduction.apply(t, axes, keepDims), sumType(t.dtype))
}

// Prod returns the product over the given axes, with the types of [Sum].
func Prod(t *Tensor, axes []int, keepDims bool) *Tensor {
	return Cast(prodReduction.apply(t, axes, keepDims), sumType(t.dtype))
}

// Max returns the largest element over the given axes; NaN if one is NaN. There
// must be at least one.
func Max(t *Tensor, axes []int, keepDims bool) *Tensor {
	return Cast(maxReduction.apply(t, axes, keepDims), t.dtype)
}

// Min returns the smallest element over the given axes; NaN if one is NaN. There
// must be at least one.
func Min(t *Tensor, axes []int, keepDims bool) *Tensor {
	return Cast(minReduction.apply(t, axes, keepDims), t.dtype)
}

// Mean returns the average over the given axes. Integers and Bool give Float64;
// the mean of nothing is NaN.
func Mean(t *Tensor, axes []int, keepDims bool) *Tensor {
	dt := t.dtype
	if !dt.IsFloat() {
		dt = Float64
	}
	return Cast(mean(t, axes, keepDims), dt)
}

// mean returns the average in Float64.
func mean(t *Tensor, axes []int, keepDims bool) *Tensor {
	sum := sumReduction.apply(Cast(t, Float64), axes, keepDims)
	n := Full(float64(reducedLen(t.shape, axes)), sum.shape...)
	return Div(sum, n)
}

// Var returns the population variance, the mean of |t - mean(t)|², over the
// given axes, with the types of [Mean]. It is computed in two passes in float64.
func Var(t *Tensor, axes []int, keepDims bool) *Tensor {
	d := Sub(Cast(t, Float64), mean(t, axes, true))
	v := Mean(Mul(d, d), axes, keepDims)
	if t.dtype.IsFloat() {
		return Cast(v, t.dtype)
	}
	return v
}

// Any returns whether an element over the given axes is true or not zero.
func Any(t *Tensor, axes []int, keepDims bool) *Tensor {
	return Cast(sumReduction.apply(Cast(t, Bool), axes, keepDims), Bool)
}

// All returns whether every element over the given axes is true or not zero.
func All(t *Tensor, axes []int, keepDims bool) *Tensor {
	return Cast(prodReduction.apply(Cast(t, Bool), axes, keepDims), Bool)
}

func (r reduction) apply(t *Tensor, axes []int, keepDims bool) *Tensor {
	if t.dtype == String {
		panic(&ShapeError{r.name, []Shape{t.shape}, "not defined for string"})
	}
	rows, shape := rowsOver(r.name, Cast(t, wideType(t.dtype)), axes, keepDims)
	if r.nonempty && rows.shape[1] == 0 && shape.Len() > 0 {
		panic(&ShapeError{r.name, []Shape{t.shape}, "there is no element to choose"})
	}
	dt := rows.dtype
	if r.index {
		dt = Int64
	}
	out := New(dt, shape...)
	switch vector := out.Reshape(-1); rows.dtype {
	case Float64:
		r.f64(vector, rows)
	case Int64:
		r.i64(vector, rows)
	default:
		r.u64(vector, rows)
	}
	return out
}

// rowsOver returns t as a contiguous matrix whose rows run over the given axes
// (all for nil), and the shape of the result of reducing each to one element.
func rowsOver(op string, t *Tensor, axes []int, keepDims bool) (rows *Tensor, shape Shape) {
	set := axesOf(op, axes, t.shape)
	shape = Shape{}
	outer, inner := 1, 1
	var kept, reduced []int
	for axis, n := range t.shape {
		switch {
		case !set[axis]:
			outer *= n
			kept = append(kept, axis)
			shape = append(shape, n)
		default:
			inner *= n
			reduced = append(reduced, axis)
			if keepDims {
				shape = append(shape, 1)
			}
		}
	}
	if t.Rank() > 0 {
		t = t.Transpose(append(kept, reduced...)...)
	}
	return t.Contiguous().Reshape(outer, inner), shape
}

// reducedLen returns how many elements a reduction over axes combines.
func reducedLen(shape Shape, axes []int) int {
	n := 1
	for axis, on := range axesOf("mean", axes, shape) {
		if on {
			n *= shape[axis]
		}
	}
	return n
}

// sumType returns the type of a sum of elements of type d.
func sumType(d DType) DType {
	switch d.class() {
	case classFloat:
		return d
	case classUnsigned:
		return Uint64
	}
	return Int64
}

// pairwiseSum adds halves recursively, so that rounding errors grow with the
// logarithm of the length.
func pairwiseSum(row []float64) float64 {
	if len(row) <= 64 {
		sum := 0.0
		for _, v := range row {
			sum += v
		}
		return sum
	}
	half := len(row) / 2
	return pairwiseSum(row[:half]) + pairwiseSum(row[half:])
}

func sumInt[T int64 | uint64](row []T) T {
	var sum T
	for _, v := range row {
		sum += v
	}
	return sum
}

func prodOf[T number](row []T) T {
	p := T(1)
	for _, v := range row {
		p *= v
	}
	return p
}

func maxRow[T number](row []T) T {
	m := row[0]
	for _, v := range row[1:] {
		m = max(m, v)
	}
	return m
}

func minRow[T number](row []T) T {
	m := row[0]
	for _, v := range row[1:] {
		m = min(m, v)
	}
	return m
}
