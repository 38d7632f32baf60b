package kernel

import "slices"

// The loops of a normalization over channels of one sample: row c of size
// elements is channel c.

// goChannelScale defines loops.channelScale.
func goChannelScale[T Float](dst, src []T, size int, mean, gain, bias []T) {
	for c, m := range mean {
		g, b, out := gain[c], bias[c], dst[c*size:][:size]
		for i, v := range src[c*size:][:size] {
			out[i] = T((v-m)*g) + b
		}
	}
}

// goChannelGrad defines loops.channelGrad.
func goChannelGrad[T Float](dst, dy, x []T, size int, mean, dot, sum, gain []T) {
	for c, m := range mean {
		out, d := dst[c*size:][:size], dy[c*size:][:size]
		for i, v := range x[c*size:][:size] {
			out[i] = gain[c] * (d[i] - sum[c] - T((v-m)*dot[c]))
		}
	}
}

// goChannelSums defines loops.channelSums.
func goChannelSums[T Float](sum, x []T, size int) {
	for c := range sum {
		var s T
		for block := range slices.Chunk(x[c*size:][:size], reduceBlock) {
			s += goSum(block)
		}
		sum[c] += s
	}
}

// goChannelSquares defines loops.channelSquares.
func goChannelSquares[T Float](sum, x []T, size int, mean []T) {
	for c, m := range mean {
		sum[c] += squares(x[c*size:][:size], m)
	}
}

// goChannelDots defines loops.channelDots.
func goChannelDots[T Float](sum, dot, dy, x []T, size int, mean []T) {
	for c, m := range mean {
		var s, p T
		d := dy[c*size:][:size]
		for i, v := range x[c*size:][:size] {
			s += d[i]
			p += T((v - m) * d[i])
		}
		sum[c] += s
		dot[c] += p
	}
}
