package kernel

import (
	"fmt"

	"github.com/emberml/ember/internal/parallel"
)

// BFloat16Gemm is a product of matrices of bfloat16, the upper halves of
// float32: the sums are float32, and only the result, after the epilogue, is
// rounded.
//
//	C[i, j] = sum over p < K of A[i, p]*B[p, j]
//
// The strides are those of [Gemm]; the bits before rounding are, too.
type BFloat16Gemm struct {
	M, N, K  int
	A        []uint16
	RSA, CSA int
	B        []uint16
	RSB, CSB int
	C        []uint16
	RSC      int
	Epilogue[float32]

	gemm    Gemm[float32]
	a, b, c []float32
	pass    bfloat16Pass
}

// bfloat16Pass is a part of the work that threads share.
type bfloat16Pass uint8

const (
	widenLeft bfloat16Pass = iota
	widenRight
	roundResult
)

// ScratchLen returns the number of elements of scratch memory that Run needs
// with a pool of the given number of threads.
func (g *BFloat16Gemm) ScratchLen(threads int) int {
	inner := Gemm[float32]{M: g.M, N: g.N, K: g.K}
	return g.M*g.K + g.K*g.N + g.M*g.N + inner.ScratchLen(threads)
}

// Run computes the product. scratch has at least ScratchLen elements, and its
// content is lost.
func (g *BFloat16Gemm) Run(pool *parallel.Pool, scratch []float32) {
	if g.M < 0 || g.N < 0 || g.K < 0 {
		panic(fmt.Sprintf("kernel: matrix product of %d×%d×%d", g.M, g.K, g.N))
	}
	if g.M > 0 && g.N > 0 {
		checkResult(g.C, g.M, g.N, g.RSC)
		if g.K > 0 {
			checkMatrix(g.A, g.M, g.K, g.RSA, g.CSA)
			checkMatrix(g.B, g.K, g.N, g.RSB, g.CSB)
		}
	}
	w := &g.gemm
	*w = Gemm[float32]{M: g.M, N: g.N, K: g.K, RSC: max(1, g.N), Epilogue: g.Epilogue}
	g.a, scratch = scratch[:g.M*g.K], scratch[g.M*g.K:]
	g.b, scratch = scratch[:g.K*g.N], scratch[g.K*g.N:]
	g.c, scratch = scratch[:g.M*g.N], scratch[g.M*g.N:]
	w.A, w.B, w.C = g.a, g.b, g.c
	w.RSA, w.CSA, w.RSB, w.CSB = g.K, 1, g.N, 1
	if g.RSA == 1 {
		w.RSA, w.CSA = 1, g.M
	}
	if g.RSB == 1 {
		w.RSB, w.CSB = 1, g.K
	}
	if g.M*g.N*g.K < 1<<15 {
		pool = nil
	}
	g.share(pool, widenLeft, lines(g.M, g.K, g.RSA))
	g.share(pool, widenRight, lines(g.K, g.N, g.RSB))
	w.Run(pool, scratch)
	g.share(pool, roundResult, g.M)
	*w = Gemm[float32]{}
	g.a, g.b, g.c = nil, nil, nil
}

// lines returns along how many lines a matrix is widened: its columns, if those
// are contiguous, or its rows.
func lines(rows, cols, rs int) int {
	if rs == 1 {
		return cols
	}
	return rows
}

func (g *BFloat16Gemm) share(pool *parallel.Pool, pass bfloat16Pass, n int) {
	g.pass = pass
	pool.For(n, (*bfloat16Task)(g))
}

type bfloat16Task BFloat16Gemm

func (g *bfloat16Task) Do(lo, hi, _ int) {
	for i := lo; i < hi; i++ {
		switch g.pass {
		case widenLeft:
			widenLine(g.a, g.A, i, g.M, g.K, g.RSA, g.CSA)
		case widenRight:
			widenLine(g.b, g.B, i, g.K, g.N, g.RSB, g.CSB)
		case roundResult:
			ToBFloat16(g.C[i*g.RSC:][:g.N], g.c[i*g.N:])
		}
	}
}

// widenLine widens a line of a matrix, see lines.
func widenLine(dst []float32, src []uint16, i, rows, cols, rs, cs int) {
	if rs == 1 {
		rows, cols, rs, cs = cols, rows, cs, 1
	}
	dst, src = dst[i*cols:][:cols], src[i*rs:]
	if cs == 1 {
		FromBFloat16(dst, src)
		return
	}
	for j := range dst {
		dst[j] = fromBFloat16(src[j*cs])
	}
}
