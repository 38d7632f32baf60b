package kernel

import (
	"fmt"

	"github.com/emberml/ember/internal/parallel"
)

// Byte is an element type of quantized matrices.
type Byte interface{ int8 | uint8 }

// IntGemm is a product of quantized matrices, exact as long as int32 holds it:
//
//	Sum[i, j] = sum over p < K of (A[i, p] - ZeroA)*(B[p, j] - ZeroB[j])
//	Y[i, j] = Scale[j]*Sum[i, j], followed by the epilogue
//
// with A[i*RSA + p*CSA], B[p*RSB + j*CSB], and RSC the distance of rows in Sum
// and Y. ZeroB and Scale may have one element for all columns; no ZeroB means
// 0, no Scale 1, and without Y there are only the sums.
type IntGemm[A, B Byte] struct {
	M, N, K  int
	A        []A
	RSA, CSA int
	B        []B
	RSB, CSB int
	ZeroA    A
	ZeroB    []B
	Sum      []int32
	RSC      int
	Scale    []float32
	Y        []float32
	Epilogue[float32]

	t         *tile[int32]
	packed    []int32 // blocks of up to depth pairs of rows of B, by panels
	perWorker []int32
}

// intGemmRows is the number of rows of one piece of work.
const intGemmRows = 60

// ScratchLen returns the number of elements of scratch memory that Run needs
// with a pool of the given number of threads, whatever variant is in use.
func (g *IntGemm[A, B]) ScratchLen(threads int) int {
	pairs := (g.K + 1) / 2
	return pairs*padTo(g.N, maxTileCols) + threads*g.workerLen()
}

func (g *IntGemm[A, B]) workerLen() int {
	return min((g.K+1)/2, depth) * (intGemmRows + maxTileRows)
}

// Run computes the product. scratch has at least ScratchLen elements, and its
// content is lost.
func (g *IntGemm[A, B]) Run(pool *parallel.Pool, scratch []int32) {
	if g.M < 0 || g.N < 0 || g.K < 0 {
		panic(fmt.Sprintf("kernel: matrix product of %d×%d×%d", g.M, g.K, g.N))
	}
	if g.M == 0 || g.N == 0 {
		return
	}
	checkResult(g.Sum, g.M, g.N, g.RSC)
	if g.Y != nil {
		checkMatrix(g.Y, g.M, g.N, g.RSC, 1)
		g.Epilogue.check(g.M, g.N)
	}
	if g.K > 0 {
		checkMatrix(g.A, g.M, g.K, g.RSA, g.CSA)
		checkMatrix(g.B, g.K, g.N, g.RSB, g.CSB)
	}
	if g.M*g.N*g.K < 1<<15 { // about as quick as waking a worker
		pool = nil
	}
	g.t = current.Load().pairs
	split := (g.K + 1) / 2 * padTo(g.N, g.t.cols)
	g.packed, g.perWorker = scratch[:split], scratch[split:]
	pool.For((g.N+g.t.cols-1)/g.t.cols, (*intGemmPack[A, B])(g))
	pool.For((g.M+intGemmRows-1)/intGemmRows, (*intGemmMultiply[A, B])(g))
	g.t, g.packed, g.perWorker = nil, nil, nil
}

type intGemmPack[A, B Byte] IntGemm[A, B]

// Do packs panels of B: for each two rows the columns one after the other.
func (g *intGemmPack[A, B]) Do(lo, hi, _ int) {
	pairs, cols, n := (g.K+1)/2, g.t.cols, padTo(g.N, g.t.cols)
	for panel := lo; panel < hi; panel++ {
		j0 := panel * cols
		for p0 := 0; p0 < pairs; p0 += depth {
			k := min(depth, pairs-p0)
			dst := g.packed[p0*n+j0*k:][:k*cols]
			clear(dst)
			for j := range min(cols, g.N-j0) {
				packPairs(dst[j:], cols, g.B[2*p0*g.RSB+(j0+j)*g.CSB:], g.RSB, min(2*k, g.K-2*p0), each(g.ZeroB, j0+j))
			}
		}
	}
}

// each returns element j of what may be one for all, or none.
func each[T Number](x []T, j int) T {
	switch len(x) {
	case 0:
		return 0
	case 1:
		return x[0]
	default:
		return x[j]
	}
}

// packPairs packs n numbers less zero by twos, the second above the first.
func packPairs[T Byte](dst []int32, ldd int, src []T, stride, n int, zero T) {
	z, from, to := int32(zero), 0, 0
	for range n / 2 {
		low, high := int32(src[from])-z, int32(src[from+stride])-z
		dst[to] = low&0xffff | high<<16
		from += 2 * stride
		to += ldd
	}
	if n%2 != 0 {
		dst[to] = (int32(src[from]) - z) & 0xffff
	}
}

type intGemmMultiply[A, B Byte] IntGemm[A, B]

// Do multiplies blocks of rows.
func (g *intGemmMultiply[A, B]) Do(lo, hi, worker int) {
	pairs, n := (g.K+1)/2, padTo(g.N, g.t.cols)
	whole := (*IntGemm[A, B])(g)
	scratch := g.perWorker[worker*whole.workerLen():][:whole.workerLen()]
	for block := lo; block < hi; block++ {
		i0 := block * intGemmRows
		m := min(intGemmRows, g.M-i0)
		for p0 := 0; p0 < pairs; p0 += depth {
			k := min(depth, pairs-p0)
			i, dst := i0, scratch
			for _, s := range g.t.cut(m) {
				for range s.count {
					for r := range s.rows {
						packPairs(dst[r:], g.t.rows, g.A[i*g.RSA+2*p0*g.CSA:], g.CSA, min(2*k, g.K-2*p0), g.ZeroA)
						i++
					}
					dst = dst[g.t.rows*k:]
				}
			}
			g.t.block(m, g.N, k, scratch, g.t.rows*k, 1, g.t.rows, g.packed[p0*n:], g.Sum[i0*g.RSC:], g.RSC, p0 > 0)
		}
		whole.finishRows(i0, m)
	}
}

// finishRows makes rows [i0, i0+m) of Y from their sums.
func (g *IntGemm[A, B]) finishRows(i0, m int) {
	for i := i0; i < i0+m; i++ {
		sum := g.Sum[i*g.RSC:][:g.N]
		if g.K == 0 {
			clear(sum)
		}
		if g.Y == nil {
			continue
		}
		y := g.Y[i*g.RSC:][:g.N]
		for j, v := range sum {
			y[j] = float32(v)
		}
		switch len(g.Scale) {
		case 0:
		case 1:
			zipRight(Mul, y, y, g.Scale[0])
		default:
			zip(Mul, y, y, g.Scale[:g.N])
		}
		g.finish(y, g.RSC, i, 1, 0, g.N)
	}
}

// goPairs is the tile of pairs in plain Go.
var goPairs = tile[int32]{rows: 4, cols: 4, uneven: true, run: goPairTiles}

// goPairTiles defines tile.run for pairs of int16, whose two products are added.
func goPairTiles(count, m, n, k int, a []int32, step, rsa, csa int, b []int32, ldb int, c []int32, ldc int, add bool) {
	for i := range count * m {
		row, out := a[i/m*step+i%m*rsa:], c[i*ldc:][:n]
		for j := range out {
			var sum int32
			for p := range k {
				x, y := row[p*csa], b[p*ldb+j]
				sum += int32(int16(x))*int32(int16(y)) + (x>>16)*(y>>16)
			}
			if add {
				sum += out[j]
			}
			out[j] = sum
		}
	}
}
