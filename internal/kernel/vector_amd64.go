//go:build amd64 && !purego

package kernel

func runDots(dst, a []float32, lda int, x []float32) {
	m, k := len(dst), len(x)
	if m == 0 || k == 0 {
		clear(dst)
		return
	}
	_ = a[(m-1)*lda+k-1]
	if m >= 4 {
		dot4AVX2(&dst[0], &a[0], lda, &x[0], k, m/4)
	}
	if i := m &^ 3; i < m {
		dot1AVX2(&dst[i], &a[i*lda], lda, &x[0], k, m-i)
	}
}

func runScaledRows(dst, b []float32, ldb int, x []float32, incx, k int) {
	n := len(dst)
	if n == 0 || k == 0 {
		return
	}
	_ = b[(k-1)*ldb+n-1]
	_ = x[(k-1)*incx]
	p := 0
	for ; p+8 <= k; p += 8 {
		scaledRows8AVX2(&dst[0], n, &b[p*ldb], ldb, &x[p*incx], incx)
	}
	for ; p < k; p++ {
		scaledRows1AVX2(&dst[0], n, &b[p*ldb], ldb, &x[p*incx], incx)
	}
}
