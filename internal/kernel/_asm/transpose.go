package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose writes the loop that packs operands of a matrix product which lie
// along their rows: blocks of 8×8 in registers.
func transpose() {
	table := maskTable()
	TEXT("transposeAVX2", NOSPLIT, "func(dst *float32, ldd int, src *float32, lds, rows, k int)")
	Pragma("noescape")
	Doc("transposeAVX2 transposes up to 8 rows, for k a positive multiple of 8:", "",
		"	for p < k, r < rows: dst[p*ldd + r] = src[r*lds + p]", "",
		"dst and src do not overlap.")
	dst := gpr(Load(Param("dst"), GP64()))
	ldd := gpr(Load(Param("ldd"), GP64()))
	SHLQ(Imm(2), ldd)
	lds := gpr(Load(Param("lds"), GP64()))
	SHLQ(Imm(2), lds)
	rows := gpr(Load(Param("rows"), GP64()))

	mask := YMM()
	at := GP64()
	LEAQ(table, at)
	NEGQ(rows)
	VMOVUPS(Mem{Base: at, Index: rows, Scale: 4, Disp: 64}, mask)
	NEGQ(rows)

	// Rows that do not exist are read as the first one and not stored.
	row := make([]reg.GPVirtual, 8)
	row[0] = gpr(Load(Param("src"), GP64()))
	for i := 1; i < 8; i++ {
		row[i] = GP64()
		MOVQ(row[i-1], row[i])
		ADDQ(lds, row[i])
		CMPQ(rows, Imm(uint64(i)))
		CMOVQLE(row[0], row[i])
	}
	k := gpr(Load(Param("k"), GP64()))
	XORQ(at, at)

	// AMD's masked stores are slow: whole vectors, and the 6 rows of a tile,
	// are stored otherwise.
	CMPQ(rows, Imm(8))
	JE(LabelRef("eight"))
	CMPQ(rows, Imm(6))
	JE(LabelRef("six"))
	loop := func(label string, store func(v reg.VecVirtual)) {
		Label(label)
		columns(row, at, func(v reg.VecVirtual) {
			store(v)
			ADDQ(ldd, dst)
		})
		ADDQ(Imm(8), at)
		CMPQ(at, k)
		JL(LabelRef(label))
		VZEROUPPER()
		RET()
	}
	loop("few", func(v reg.VecVirtual) { VMASKMOVPS(v, mask, Mem{Base: dst}) })
	loop("six", func(v reg.VecVirtual) {
		high := XMM()
		VMOVUPS(v.AsX(), Mem{Base: dst})
		VEXTRACTF128(Imm(1), v, high)
		VMOVLPS(high, Mem{Base: dst, Disp: 16})
	})
	loop("eight", func(v reg.VecVirtual) { VMOVUPS(v, Mem{Base: dst}) })
}

// columns loads 8 elements from at on of 8 rows and calls use for the columns
// in order.
func columns(row []reg.GPVirtual, at reg.GPVirtual, use func(v reg.VecVirtual)) {
	for half := range 2 {
		// Rows i and i+4 share a register, so that no shuffle crosses its halves.
		x := make([]reg.VecVirtual, 4)
		for i := range x {
			x[i] = YMM()
			VMOVUPS(Mem{Base: row[i], Index: at, Scale: 4, Disp: 16 * half}, x[i].AsX())
			VINSERTF128(Imm(1), Mem{Base: row[i+4], Index: at, Scale: 4, Disp: 16 * half}, x[i], x[i])
		}
		y := []reg.VecVirtual{YMM(), YMM(), YMM(), YMM()}
		VUNPCKLPS(x[1], x[0], y[0])
		VUNPCKHPS(x[1], x[0], y[1])
		VUNPCKLPS(x[3], x[2], y[2])
		VUNPCKHPS(x[3], x[2], y[3])
		for i := range 2 {
			low, high := YMM(), YMM()
			VUNPCKLPD(y[i+2], y[i], low)
			VUNPCKHPD(y[i+2], y[i], high)
			use(low)
			use(high)
		}
	}
}
