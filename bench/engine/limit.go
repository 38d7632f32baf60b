package main

import (
	"time"

	"github.com/emberml/ember/internal/kernel"
)

// outOfCache is a size in bytes that no cache holds.
const outOfCache = 256 << 20

// limits measures what a thread of this machine can do at most: multiply and add
// in registers, and copy memory.
func limits() (reply, error) {
	return reply{FMA: peakFLOPs(), Copy: copyBandwidth()}, nil
}

// peakFLOPs is the best of a few runs of multiply-adds in registers, by the
// widest instructions that the kernels use; 0 without any.
func peakFLOPs() float64 {
	v, _ := kernel.Selected()
	multiply, ok := multiplyAdds[v.Name]
	if !ok {
		return 0
	}
	const n = 1 << 20
	best := 0.0
	for range 20 {
		start := time.Now()
		multiply.loop(n)
		best = max(best, n*multiply.flops/time.Since(start).Seconds())
	}
	return best
}

// copyBandwidth counts three bytes for each byte that is copied: a store reads
// its line before it writes it. Pieces are too small for copy to store past the
// cache, which would spare the read.
func copyBandwidth() float64 {
	const piece = 4 << 10
	from, to := make([]byte, outOfCache/2), make([]byte, outOfCache/2)
	best := 0.0
	for range 5 {
		start := time.Now()
		for i := 0; i < len(from); i += piece {
			copy(to[i:i+piece], from[i:i+piece])
		}
		best = max(best, 3*float64(len(from))/time.Since(start).Seconds())
	}
	return best
}
