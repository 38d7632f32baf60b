package kernel

// GatherElements picks one element along the middle dimension for each place:
//
//	dst[o, p, i] = src[o, index[o, p, i], i]
//
// for arrays dst and index [outer, picks, inner] and src [outer, rows, inner].
// A negative index counts from the end. One outside src is an error that names
// it, and dst is then partly written.
func GatherElements[T any, I Index](dst, src []T, index []I, rows, picks, inner int) error {
	for i, x := range index {
		r, err := rowAt(int(x), rows, i)
		if err != nil {
			return err
		}
		dst[i] = src[(i/(picks*inner)*rows+r)*inner+i%inner]
	}
	return nil
}

// ScatterAddElements is the transpose of [GatherElements], in the order of
// index, so that repeated indices give the same bits every time:
//
//	dst[o, index[o, p, i], i] += src[o, p, i]
//
// A negative index counts from the end. One outside dst is an error that names
// it, and dst is then partly updated. dst must not overlap src.
func ScatterAddElements[T Number, I Index](dst, src []T, index []I, rows, picks, inner int) error {
	for i, x := range index {
		r, err := rowAt(int(x), rows, i)
		if err != nil {
			return err
		}
		dst[(i/(picks*inner)*rows+r)*inner+i%inner] += src[i]
	}
	return nil
}
