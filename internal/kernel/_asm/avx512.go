package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx512 writes a tile of up to 14 rows and 1 or 2 vectors of columns: up to
// 28 registers of sums, 2 of B and 2 of A. Masks serve the last columns.
func avx512(e float, rows, vectors int) {
	zmm := func() reg.VecVirtual { return ZMM() }
	zero := func(v reg.VecVirtual) { VPXORD(v, v, v) }
	var masks []reg.OpmaskVirtual
	lanes := 64 / e.size
	load := func(at Mem, k reg.OpmaskVirtual, v reg.VecVirtual) { VMOVUPS_Z(at, k, v) }
	keep := func(v reg.VecVirtual, k reg.OpmaskVirtual, at Mem) { VMOVUPS(v, k, at) }
	if e.size == 8 {
		load = func(at Mem, k reg.OpmaskVirtual, v reg.VecVirtual) { VMOVUPD_Z(at, k, v) }
		keep = func(v reg.VecVirtual, k reg.OpmaskVirtual, at Mem) { VMOVUPD(v, k, at) }
	}
	begin := func() {
		masks = []reg.OpmaskVirtual{K(), K()}
		// masks[v] selects columns lanes*v … of n: the bits of 2^n - 1.
		n, bits := gpr(Load(Param("n"), GP64())), GP64()
		MOVQ(I32(-1), bits)
		SHLXQ(n, bits, bits)
		NOTQ(bits)
		KMOVW(bits.As32(), masks[0])
		if vectors == 2 {
			SHRQ(Imm(uint64(lanes)), bits)
			KMOVW(bits.As32(), masks[1])
		}
	}
	tile("AVX512", e, rows, vectors, 64, false, zmm, zero, begin, func(t *tileLoop) {
		ldc := gpr(Load(Param("ldc"), GP64()))
		add := Load(Param("add"), GP8())
		store := func(toAdd bool) {
			for i := range rows {
				for v := range vectors {
					at := Mem{Base: t.c, Disp: 64 * v}
					if toAdd {
						load(at, masks[v], t.vb[v])
						e.add(t.vb[v], t.sum[i][v], t.sum[i][v])
					}
					keep(t.sum[i][v], masks[v], at)
				}
				ADDQ(ldc, t.c)
			}
			JMP(LabelRef("next"))
		}
		TESTB(add, add)
		JE(LabelRef("set"))
		store(true)
		Label("set")
		store(false)
	})
}
