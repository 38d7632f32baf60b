package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx512 writes a tile of up to 14 rows and 1 or 2 vectors of 16 columns: up
// to 28 registers of sums, 2 of B and 2 of A. Masks serve the last columns.
func avx512(rows, vectors int) {
	begin("AVX512", rows, vectors, 16)
	k := gpr(Load(Param("k"), GP64()))
	p := pointRows(gpr(Load(Param("a"), GP64())), gpr(Load(Param("rsa"), GP64())), rows)
	csa := gpr(Load(Param("csa"), GP64()))
	b := gpr(Load(Param("b"), GP64()))
	ldb := gpr(Load(Param("ldb"), GP64()))

	sum := make([][]reg.VecVirtual, rows)
	for i := range sum {
		for range vectors {
			s := ZMM()
			VPXORD(s, s, s)
			sum[i] = append(sum[i], s)
		}
	}
	vb := []reg.VecVirtual{ZMM(), ZMM()}
	va := []reg.VecVirtual{ZMM(), ZMM()}

	Label("loop")
	for v := range vectors {
		VMOVUPS(Mem{Base: b, Disp: 64 * v}, vb[v])
	}
	for i := range rows {
		x := va[i%2]
		VBROADCASTSS(p.row(i), x)
		for v := range vectors {
			VFMADD231PS(vb[v], x, sum[i][v])
		}
	}
	p.step(csa)
	ADDQ(ldb, b)
	DECQ(k)
	JNE(LabelRef("loop"))

	c := gpr(Load(Param("c"), GP64()))
	ldc := gpr(Load(Param("ldc"), GP64()))
	n := gpr(Load(Param("n"), GP64()))
	add := Load(Param("add"), GP8())

	// masks[v] selects columns 16v … of n: the bits of 2^n - 1.
	bits := GP64()
	MOVQ(I32(-1), bits)
	SHLXQ(n, bits, bits)
	NOTQ(bits)
	masks := []reg.OpmaskVirtual{K(), K()}
	KMOVW(bits.As32(), masks[0])
	if vectors == 2 {
		SHRQ(Imm(16), bits)
		KMOVW(bits.As32(), masks[1])
	}
	store := func(toAdd bool) {
		for i := range rows {
			for v := range vectors {
				at := Mem{Base: c, Disp: 64 * v}
				if toAdd {
					VMOVUPS_Z(at, masks[v], vb[v])
					VADDPS(vb[v], sum[i][v], sum[i][v])
				}
				VMOVUPS(sum[i][v], masks[v], at)
			}
			if i < rows-1 {
				ADDQ(ldc, c)
			}
		}
		VZEROUPPER()
		RET()
	}
	TESTB(add, add)
	JE(LabelRef("set"))
	store(true)
	Label("set")
	store(false)
}
