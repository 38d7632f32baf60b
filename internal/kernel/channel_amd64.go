//go:build amd64 && !purego

package kernel

// Rows that are shorter than a vector are summed up and written by definition.

func runChannelScale(dst, src []float32, size int, mean, gain, bias []float32) {
	rows := len(mean)
	if size < convLanes || rows == 0 {
		goChannelScale(dst, src, size, mean, gain, bias)
		return
	}
	_, _ = dst[rows*size-1], src[rows*size-1]
	channelScaleAVX2(&dst[0], &src[0], &mean[0], &gain[:rows][0], &bias[:rows][0], rows, size)
}

func runChannelGrad(dst, dy, x []float32, size int, mean, dot, sum, gain []float32) {
	rows := len(mean)
	if size < convLanes || rows == 0 {
		goChannelGrad(dst, dy, x, size, mean, dot, sum, gain)
		return
	}
	_, _, _ = dst[rows*size-1], dy[rows*size-1], x[rows*size-1]
	channelGradAVX2(&dst[0], &dy[0], &x[0], &mean[0], &dot[:rows][0], &sum[:rows][0], &gain[:rows][0], rows, size)
}

func runChannelSums(sum, x []float32, size int) {
	rows := len(sum)
	if size < convLanes || rows == 0 {
		goChannelSums(sum, x, size)
		return
	}
	_ = x[rows*size-1]
	channelSumsAVX2(&sum[0], &x[0], rows, size)
}

func runChannelSquares(sum, x []float32, size int, mean []float32) {
	rows := len(mean)
	if size < convLanes || rows == 0 {
		goChannelSquares(sum, x, size, mean)
		return
	}
	_ = x[rows*size-1]
	channelSquaresAVX2(&sum[:rows][0], &x[0], &mean[0], rows, size)
}

func runChannelDots(sum, dot, dy, x []float32, size int, mean []float32) {
	rows := len(mean)
	if size < convLanes || rows == 0 {
		goChannelDots(sum, dot, dy, x, size, mean)
		return
	}
	_, _ = dy[rows*size-1], x[rows*size-1]
	channelDotsAVX2(&sum[:rows][0], &dot[:rows][0], &x[0], &dy[0], &mean[0], rows, size)
}
