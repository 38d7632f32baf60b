package kernel

import "runtime"

// FMALimit runs a loop that does nothing but multiply and add in registers,
// with the widest instructions of the variant in use, and returns how many
// float32 operations it did, a multiply and an add being two: at least n. How
// long it takes bounds every product from below, so that benchmarks can say how
// near they come whatever the processor and its load.
func FMALimit(n int) int {
	l := current.Load().limit
	rounds := max(1, (n+l.ops-1)/l.ops)
	l.run(rounds)
	return rounds * l.ops
}

// limitLoop is a loop of independent multiplications and additions.
type limitLoop struct {
	ops int // float32 operations of a round
	run func(rounds int)
}

// goLimit is the limit of plain Go.
var goLimit = limitLoop{ops: 8 * 2, run: func(rounds int) { runtime.KeepAlive(goLimitSums(rounds, 0.5)) }}

//go:noinline
func goLimitSums(rounds int, x float32) float32 {
	var a, b, c, d, e, f, g, h float32
	for range rounds {
		a = float32(a*x) + x
		b = float32(b*x) + x
		c = float32(c*x) + x
		d = float32(d*x) + x
		e = float32(e*x) + x
		f = float32(f*x) + x
		g = float32(g*x) + x
		h = float32(h*x) + x
	}
	return a + b + c + d + e + f + g + h
}
