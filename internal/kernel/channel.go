package kernel

// The loops of a normalization over one channel of one sample.

// goChannelScale defines loops.channelScale.
func goChannelScale[T Float](dst, src []T, mean, gain, bias T) {
	for i, v := range src[:len(dst)] {
		dst[i] = T((v-mean)*gain) + bias
	}
}

// goChannelGrad defines loops.channelGrad.
func goChannelGrad[T Float](dst, dy, x []T, mean, dot, sum, gain T) {
	for i, v := range x[:len(dst)] {
		dst[i] = gain * (dy[i] - sum - T((v-mean)*dot))
	}
}

// goChannelDots defines loops.channelDots.
func goChannelDots[T Float](dy, x []T, mean T) (sum, dot T) {
	for i, v := range x[:len(dy)] {
		sum += dy[i]
		dot += T((v - mean) * dy[i])
	}
	return sum, dot
}
