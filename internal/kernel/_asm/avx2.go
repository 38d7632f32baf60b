package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// columnMask is 16 lanes of ones and 16 of zeros: 8 lanes from 16-n on select the
// first n columns.
var columnMask Mem

func maskTable() Mem {
	if columnMask.Symbol.Name == "" {
		columnMask = GLOBL("columnMask", RODATA|NOPTR)
		for i := range 32 {
			word := U32(0)
			if i < 16 {
				word = 0xffffffff
			}
			DATA(4*i, word)
		}
	}
	return columnMask
}

// avx2 writes a tile of up to 6 rows and 1 or 2 vectors of columns, of which
// the last may be partial: up to 12 registers of sums, 2 of B and 2 of A.
func avx2(e float, rows, vectors int, packing bool) {
	table := maskTable()
	ymm := func() reg.VecVirtual { return YMM() }
	zero := func(v reg.VecVirtual) { VXORPS(v, v, v) }
	tile("AVX2", e, rows, vectors, 32, packing, ymm, zero, nil, func(t *tileLoop) {
		ldc := gpr(Load(Param("ldc"), GP64()))
		n := gpr(Load(Param("n"), GP64()))
		add := Load(Param("add"), GP8())
		CMPQ(n, Imm(uint64(vectors*32/e.size)))
		JNE(LabelRef("partial"))
		whole := func(toAdd bool) {
			for i := range rows {
				for v := range vectors {
					at := Mem{Base: t.c, Disp: 32 * v}
					if toAdd {
						e.add(at, t.sum[i][v], t.sum[i][v])
					}
					VMOVUPS(t.sum[i][v], at)
				}
				ADDQ(ldc, t.c)
			}
			JMP(LabelRef("next"))
		}
		TESTB(add, add)
		JE(LabelRef("set"))
		whole(true)
		Label("set")
		whole(false)

		// The last vector is partial: masked loads are quick, masked stores are
		// not on AMD, so a row is stored in halves of halves.
		Label("partial")
		mask := t.va[0]
		last := vectors - 1
		bytes, from := GP64(), GP64()
		IMUL3Q(U8(e.size), n, bytes)
		LEAQ(table, from)
		SUBQ(bytes, from)
		VMOVUPS(Mem{Base: from, Disp: 64 + 32*last}, mask)
		for i := range rows {
			label := func(s string) string { return fmt.Sprintf("%s%d", s, i) }
			TESTB(add, add)
			JE(LabelRef(label("store")))
			for v := range last {
				e.add(Mem{Base: t.c, Disp: 32 * v}, t.sum[i][v], t.sum[i][v])
			}
			e.maskedLoad(Mem{Base: t.c, Disp: 32 * last}, mask, t.vb[0])
			e.add(t.vb[0], t.sum[i][last], t.sum[i][last])
			Label(label("store"))
			at := GP64()
			MOVQ(t.c, at)
			for v := range last {
				VMOVUPS(t.sum[i][v], Mem{Base: at})
				ADDQ(Imm(32), at)
			}
			storeFirst(t.sum[i][last], at, bytes, label)
			ADDQ(ldc, t.c)
		}
		JMP(LabelRef("next"))
	})
}

// storeFirst stores the first bytes%32 bytes of a vector, 4 to 28, or all 32 if
// that is none, at an address that it changes.
func storeFirst(v reg.VecVirtual, at, bytes reg.GPVirtual, label func(string) string) {
	x := v.AsX()
	TESTQ(U32(31), bytes)
	JNE(LabelRef(label("part16")))
	VMOVUPS(v, Mem{Base: at})
	JMP(LabelRef(label("stored")))
	Label(label("part16"))
	TESTQ(U32(16), bytes)
	JE(LabelRef(label("part8")))
	VMOVUPS(x, Mem{Base: at})
	VEXTRACTF128(Imm(1), v, x)
	ADDQ(Imm(16), at)
	Label(label("part8"))
	TESTQ(U32(8), bytes)
	JE(LabelRef(label("part4")))
	VMOVLPS(x, Mem{Base: at})
	VPERMILPS(Imm(0x0e), x, x)
	ADDQ(Imm(8), at)
	Label(label("part4"))
	TESTQ(U32(4), bytes)
	JE(LabelRef(label("stored")))
	VMOVSS(x, Mem{Base: at})
	Label(label("stored"))
}
