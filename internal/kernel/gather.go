package kernel

import "fmt"

// Index is an integer type that selects rows.
type Index interface{ int32 | int64 }

// GatherRows copies selected rows of src, each of width elements:
//
//	dst[i*width + j] = src[index[i]*width + j]
//
// A negative index counts from the end. One outside src is an error that names
// it, and dst is then partly written.
func GatherRows[T any, I Index](dst, src []T, index []I, width int) error {
	if width == 0 {
		return nil
	}
	rows := len(src) / width
	for i, x := range index {
		r, err := rowAt(int(x), rows, i)
		if err != nil {
			return err
		}
		copy(dst[i*width:(i+1)*width], src[r*width:(r+1)*width])
	}
	return nil
}

// ScatterAddRows adds rows of src to selected rows of dst, in the order of
// index, so that repeated indices give the same bits every time:
//
//	dst[index[i]*width + j] += src[i*width + j]
//
// A negative index counts from the end. One outside dst is an error that names
// it, and dst is then partly updated. dst must not overlap src.
func ScatterAddRows[T Number, I Index](dst, src []T, index []I, width int) error {
	if width == 0 {
		return nil
	}
	rows := len(dst) / width
	for i, x := range index {
		r, err := rowAt(int(x), rows, i)
		if err != nil {
			return err
		}
		to := dst[r*width : (r+1)*width]
		zip(Add, to, to, src[i*width:(i+1)*width])
	}
	return nil
}

// rowAt is the row that an index at a position selects of so many.
func rowAt(index, rows, position int) (int, error) {
	r := index
	if r < 0 {
		r += rows
	}
	if r < 0 || r >= rows {
		return 0, fmt.Errorf("index %d at position %d is outside %d rows", index, position, rows)
	}
	return r, nil
}
