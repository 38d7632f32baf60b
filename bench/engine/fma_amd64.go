package main

// fmaAVX2 makes n ≥ 1 rounds of 12 independent multiply-adds of 8 float32 each,
// in registers alone. What the registers hold does not change the time.
//
//go:noescape
func fmaAVX2(n int)

// fmaAVX512 is the same with 16 float32 each.
//
//go:noescape
func fmaAVX512(n int)

// multiplyAdds are the loops by the kernels' variant, with the floating-point
// operations of a round.
var multiplyAdds = map[string]struct {
	loop  func(n int)
	flops float64
}{
	"avx2":   {fmaAVX2, 12 * 8 * 2},
	"avx512": {fmaAVX512, 12 * 16 * 2},
}
