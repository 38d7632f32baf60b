package main

import (
	"math"
	"sync"
	"time"

	"github.com/emberml/ember/internal/kernel"
)

// outOfCache is a size in bytes that no cache holds.
const outOfCache = 256 << 20

// limits measures what this machine can do at most with so many threads:
// multiply and add in registers, and copy memory.
func limits(threads int) reply {
	return reply{FMA: peakFLOPs(threads), Copy: copyBandwidth(threads)}
}

// peakFLOPs is the best of a few runs of the kernels' loop of multiply-adds in
// registers, in operations a second.
func peakFLOPs(threads int) float64 {
	done := make([]int, threads)
	best := fastest(20, threads, func(i int) { done[i] = kernel.FMALimit(1 << 28) })
	return float64(threads*done[0]) / best
}

// copyBandwidth counts three bytes for each byte that is copied: a store reads
// its line before it writes it. Pieces are too small for copy to store past the
// cache, which would spare the read.
func copyBandwidth(threads int) float64 {
	const piece = 4 << 10
	from, to := make([]byte, outOfCache/2), make([]byte, outOfCache/2)
	part := len(from) / threads
	return 3 * float64(part*threads) / fastest(8, threads, func(i int) {
		for at := i * part; at+piece <= (i+1)*part; at += piece {
			copy(to[at:at+piece], from[at:at+piece])
		}
	})
}

// readTime is how long so many threads take at least to read so many bytes from
// the cache that holds them, in seconds: the kernels' sum of a vector that was
// read before, each thread of its part.
func readTime(threads, bytes int) float64 {
	const least = 64 << 20 // to read in a run, so that starting threads takes no part
	rounds := max(1, least/max(1, bytes))
	parts := make([]kernel.Reduce[float32], threads)
	scratch := make([][]float32, threads)
	for i := range parts {
		n := max(1, bytes/4/threads)
		parts[i] = kernel.Reduce[float32]{Op: kernel.ReduceSum, Outer: 1, Len: n, Inner: 1, Dst: make([]float32, 1), Src: make([]float32, n)}
		scratch[i] = make([]float32, parts[i].ScratchLen())
	}
	return fastest(8, threads, func(i int) {
		for range rounds {
			parts[i].Run(nil, scratch[i])
		}
	}) / float64(rounds)
}

// fastest is the shortest time, in seconds, that so many threads take to do f,
// each with its number, in a few runs.
func fastest(runs, threads int, f func(thread int)) float64 {
	best := math.Inf(1)
	for range runs {
		start := time.Now()
		var all sync.WaitGroup
		for i := range threads {
			all.Go(func() { f(i) })
		}
		all.Wait()
		best = min(best, time.Since(start).Seconds())
	}
	return best
}
