package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// copyRows writes the loop that packs operands of a matrix product which lie
// along their columns.
func copyRows() {
	table := maskTable()
	TEXT("copyRowsAVX2", NOSPLIT, "func(dst *float32, ldd int, src *float32, lds, n, k int)")
	Pragma("noescape")
	Doc("copyRowsAVX2 copies rows of n elements, for n ≥ 1 and k ≥ 1:", "",
		"	for p < k, j < n: dst[p*ldd + j] = src[p*lds + j]", "",
		"All rows but the last are stored in whole vectors, in order: up to 7 elements",
		"behind a row become 0 before the next row is stored. dst and src do not overlap.")
	dst := gpr(Load(Param("dst"), GP64()))
	ldd := gpr(Load(Param("ldd"), GP64()))
	SHLQ(Imm(2), ldd)
	src := gpr(Load(Param("src"), GP64()))
	lds := gpr(Load(Param("lds"), GP64()))
	SHLQ(Imm(2), lds)
	n := gpr(Load(Param("n"), GP64()))
	k := gpr(Load(Param("k"), GP64()))
	at, v, mask := GP64(), YMM(), YMM()
	whole, from := GP64(), GP64()
	// The last vector of a row holds 1 to 8 elements.
	LEAQ(Mem{Base: n, Disp: -1}, whole)
	ANDQ(I32(-8), whole)
	LEAQ(table, from)
	SUBQ(whole, n)
	NEGQ(n)
	VMOVUPS(Mem{Base: from, Index: n, Scale: 4, Disp: 64}, mask)
	SHLQ(Imm(2), whole)

	Label("row")
	XORQ(at, at)
	CMPQ(at, whole)
	JE(LabelRef("tail"))
	Label("vector")
	VMOVUPS(Mem{Base: src, Index: at, Scale: 1}, v)
	VMOVUPS(v, Mem{Base: dst, Index: at, Scale: 1})
	ADDQ(Imm(32), at)
	CMPQ(at, whole)
	JL(LabelRef("vector"))
	Label("tail")
	VMASKMOVPS(Mem{Base: src, Index: at, Scale: 1}, mask, v)
	DECQ(k)
	JE(LabelRef("last"))
	VMOVUPS(v, Mem{Base: dst, Index: at, Scale: 1})
	ADDQ(lds, src)
	ADDQ(ldd, dst)
	JMP(LabelRef("row"))
	Label("last")
	VMASKMOVPS(v, mask, Mem{Base: dst, Index: at, Scale: 1})
	VZEROUPPER()
	RET()
}
