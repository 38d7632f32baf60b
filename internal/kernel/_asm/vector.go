package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dots writes the product of rows of a matrix and a vector.
func dots(rows int) {
	table := maskTable()
	name := fmt.Sprintf("dot%dAVX2", rows)
	TEXT(name, NOSPLIT, "func(dst, a *float32, lda int, x *float32, k, count int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s computes count ≥ 1 times %d elements of a product, for k ≥ 1:", name, rows), "",
		"	dst[i] = sum over p < k of a[i*lda + p]*x[p]", "",
		"in 16 interleaved sums of fused multiply-adds, folded in halves.")
	dst := gpr(Load(Param("dst"), GP64()))
	a := gpr(Load(Param("a"), GP64()))
	lda := gpr(Load(Param("lda"), GP64()))
	SHLQ(Imm(2), lda)
	count := gpr(Load(Param("count"), GP64()))
	p := pointRows(lda, rows)
	sum := make([][2]reg.VecVirtual, rows)
	for i := range sum {
		sum[i] = [2]reg.VecVirtual{YMM(), YMM()}
	}
	vx := []reg.VecVirtual{YMM(), YMM()}

	Label("rows")
	p.start(a)
	x := gpr(Load(Param("x"), GP64()))
	k := gpr(Load(Param("k"), GP64()))
	for _, s := range sum {
		VXORPS(s[0], s[0], s[0])
		VXORPS(s[1], s[1], s[1])
	}
	SUBQ(Imm(16), k)
	JL(LabelRef("tail"))
	step := GP64()
	MOVQ(I32(64), step)
	Label("loop")
	VMOVUPS(Mem{Base: x}, vx[0])
	VMOVUPS(Mem{Base: x, Disp: 32}, vx[1])
	for i, s := range sum {
		VFMADD231PS(p.row(i), vx[0], s[0])
		VFMADD231PS(p.row(i).Offset(32), vx[1], s[1])
	}
	p.step(step)
	ADDQ(step, x)
	SUBQ(Imm(16), k)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(16), k)
	JE(LabelRef("fold"))
	// Two masks for the last 1 to 15 products.
	from, mask, va := GP64(), YMM(), YMM()
	LEAQ(table, from)
	NEGQ(k)
	for v := range 2 {
		VMOVUPS(Mem{Base: from, Index: k, Scale: 4, Disp: 64 + 32*v}, mask)
		VMASKMOVPS(Mem{Base: x, Disp: 32 * v}, mask, vx[v])
		for i, s := range sum {
			VMASKMOVPS(p.row(i).Offset(32*v), mask, va)
			VFMADD231PS(va, vx[v], s[v])
		}
	}
	Label("fold")
	for _, s := range sum {
		low, high := s[0].AsX(), s[1].AsX()
		VADDPS(s[1], s[0], s[0])
		VEXTRACTF128(Imm(1), s[0], high)
		VADDPS(high, low, low)
		VPERMILPS(Imm(0x0e), low, high)
		VADDPS(high, low, low)
		VPERMILPS(Imm(0x01), low, high)
		VADDSS(high, low, low)
		VMOVSS(low, Mem{Base: dst})
		ADDQ(Imm(4), dst)
		ADDQ(lda, a)
	}
	DECQ(count)
	JNE(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

// scaledRows writes the product of a vector and rows of a matrix.
func scaledRows(rows int) {
	table := maskTable()
	name := fmt.Sprintf("scaledRows%dAVX2", rows)
	TEXT(name, NOSPLIT, "func(dst *float32, n int, b *float32, ldb int, x *float32, incx int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds %d scaled rows in order, for n ≥ 1:", name, rows), "",
		fmt.Sprintf("	for p < %d, j < n: dst[j] = fma(x[p*incx], b[p*ldb + j], dst[j])", rows), "",
		"dst overlaps neither b nor x.")
	dst := gpr(Load(Param("dst"), GP64()))
	n := gpr(Load(Param("n"), GP64()))
	b := gpr(Load(Param("b"), GP64()))
	ldb := gpr(Load(Param("ldb"), GP64()))
	SHLQ(Imm(2), ldb)
	x := gpr(Load(Param("x"), GP64()))
	incx := gpr(Load(Param("incx"), GP64()))
	SHLQ(Imm(2), incx)
	scale := make([]reg.VecVirtual, rows)
	for i := range scale {
		scale[i] = YMM()
		VBROADCASTSS(Mem{Base: x}, scale[i])
		ADDQ(incx, x)
	}
	p := pointRows(ldb, rows)
	p.start(b)
	sum, mask, v := YMM(), YMM(), YMM()
	step := GP64()
	MOVQ(I32(32), step)
	SUBQ(Imm(8), n)
	JL(LabelRef("tail"))
	Label("loop")
	VMOVUPS(Mem{Base: dst}, sum)
	for i, s := range scale {
		VFMADD231PS(p.row(i), s, sum)
	}
	VMOVUPS(sum, Mem{Base: dst})
	p.step(step)
	ADDQ(step, dst)
	SUBQ(Imm(8), n)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(8), n)
	JE(LabelRef("done"))
	from := GP64()
	LEAQ(table, from)
	NEGQ(n)
	VMOVUPS(Mem{Base: from, Index: n, Scale: 4, Disp: 64}, mask)
	VMASKMOVPS(Mem{Base: dst}, mask, sum)
	for i, s := range scale {
		VMASKMOVPS(p.row(i), mask, v)
		VFMADD231PS(v, s, sum)
	}
	VMASKMOVPS(sum, mask, Mem{Base: dst})
	Label("done")
	VZEROUPPER()
	RET()
}
