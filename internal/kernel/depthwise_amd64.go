//go:build amd64 && !purego

package kernel

func runDepthPlane(p depthPlane, w, b, c []float32, bias, low, high float32) {
	_ = w[:9]
	end := ((p.rows-1)*p.stride + 2) * p.ldb
	_ = c[(p.rows-1)*p.ldc+p.n-1]
	if p.stride == 2 {
		_ = b[end+2*max(p.n, convLanes)+1]
		depthPlaneAVX2s2(p.rows, p.n, &w[0], &b[0], 4*p.ldb, &c[0], 4*p.ldc, bias, low, high)
		return
	}
	_ = b[end+max(p.second, p.third)+max(p.n, convLanes)-1]
	depthPlaneAVX2s1(p.rows, p.n, &w[0], &b[0], 4*p.ldb, 4*p.second, 4*p.third, &c[0], 4*p.ldc, bias, low, high)
}
