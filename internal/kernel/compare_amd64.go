//go:build amd64 && !purego

package kernel

// Relations in assembly, of n elements, a positive multiple of 8.
type (
	compareFunc      func(dst *uint8, a, b *float32, n int)
	compareValueFunc func(dst *uint8, a *float32, y float32, n int)
)

// compareLoop returns loops.compare: whole eights in assembly, the rest by the
// definition.
func compareLoop(op CompareOp, f compareFunc) func(dst []uint8, a, b []float32) {
	return func(dst []uint8, a, b []float32) {
		n := len(a) &^ 7
		if n > 0 {
			f(&dst[:n][0], &a[0], &b[:n][0], n)
		}
		for i := n; i < len(a); i++ {
			dst[i] = holds(op, a[i], b[i])
		}
	}
}

// compareValueLoop returns loops.compareValue.
func compareValueLoop(op CompareOp, f compareValueFunc) func(dst []uint8, a []float32, y float32) {
	return func(dst []uint8, a []float32, y float32) {
		n := len(a) &^ 7
		if n > 0 {
			f(&dst[:n][0], &a[0], y, n)
		}
		for i := n; i < len(a); i++ {
			dst[i] = holds(op, a[i], y)
		}
	}
}

// holds is 1 if a relation of two values does.
func holds(op CompareOp, x, y float32) uint8 {
	return bit([compareCount]bool{x == y, x != y, x < y, x <= y, x > y, x >= y}[op])
}

// runWhere is loops.where; the steps are 1 or 0, and not both 0.
func runWhere(dst []float32, cond []uint8, a []float32, stepA int, b []float32, stepB int) {
	n := len(dst) &^ 7
	if n > 0 {
		_, _, _ = cond[n-1], a[(n-1)*stepA], b[(n-1)*stepB]
		f := whereAVX2
		switch {
		case stepA == 0:
			f = whereElseAVX2
		case stepB == 0:
			f = whereValueAVX2
		}
		f(&dst[0], &cond[0], &a[0], &b[0], n)
	}
	if n < len(dst) {
		where(bits32(dst[n:]), cond[n:], 1, bits32(a[n*stepA:]), stepA, bits32(b[n*stepB:]), stepB)
	}
}
