package tensor

var (
	argMaxReduction = reduction{
		name: "argmax", nonempty: true, index: true,
		f64: perRow(argRow(gt[float64])), i64: perRow(argRow(gt[int64])), u64: perRow(argRow(gt[uint64])),
	}
	argMinReduction = reduction{
		name: "argmin", nonempty: true, index: true,
		f64: perRow(argRow(lt[float64])), i64: perRow(argRow(lt[int64])), u64: perRow(argRow(lt[uint64])),
	}
)

// ArgMax returns the Int64 index of the largest element along axis: the first
// such, or the first NaN.
func ArgMax(t *Tensor, axis int, keepDims bool) *Tensor {
	return argMaxReduction.apply(t, []int{axis}, keepDims)
}

// ArgMin returns the Int64 index of the smallest element along axis: the first
// such, or the first NaN.
func ArgMin(t *Tensor, axis int, keepDims bool) *Tensor {
	return argMinReduction.apply(t, []int{axis}, keepDims)
}

// argRow finds the first element that comes before all others; NaN, which alone
// differs from itself, comes first of all.
func argRow[T number](before func(x, y T) bool) func(row []T) int64 {
	return func(row []T) int64 {
		best := 0
		for i, v := range row {
			if v != v {
				return int64(i)
			}
			if before(v, row[best]) {
				best = i
			}
		}
		return int64(best)
	}
}

func gt[T ordered](x, y T) bool { return x > y }
