package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// copyRows writes the loop that packs operands of a matrix product which lie
// along their columns.
func copyRows() {
	TEXT("copyRowsAVX2", NOSPLIT, "func(dst *float32, ldd int, src *float32, lds, vectors, k int)")
	Pragma("noescape")
	Doc("copyRowsAVX2 copies rows of whole vectors, for k and vectors at least 1:", "",
		"	for p < k, j < 8*vectors: dst[p*ldd + j] = src[p*lds + j]", "",
		"dst and src do not overlap.")
	dst := gpr(Load(Param("dst"), GP64()))
	ldd := gpr(Load(Param("ldd"), GP64()))
	SHLQ(Imm(2), ldd)
	src := gpr(Load(Param("src"), GP64()))
	lds := gpr(Load(Param("lds"), GP64()))
	SHLQ(Imm(2), lds)
	vectors := gpr(Load(Param("vectors"), GP64()))
	SHLQ(Imm(5), vectors)
	k := gpr(Load(Param("k"), GP64()))
	at, v := GP64(), YMM()

	Label("row")
	XORQ(at, at)
	Label("vector")
	VMOVUPS(Mem{Base: src, Index: at, Scale: 1}, v)
	VMOVUPS(v, Mem{Base: dst, Index: at, Scale: 1})
	ADDQ(Imm(32), at)
	CMPQ(at, vectors)
	JL(LabelRef("vector"))
	ADDQ(lds, src)
	ADDQ(ldd, dst)
	DECQ(k)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}
