package main

import (
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

// avx2 writes a tile of up to 6 rows and 1 or 2 vectors of 8 columns, of which
// the last may be partial: up to 12
// registers of sums, 2 of B and 2 of A.
func avx2(rows, vectors int) {
	table := maskTable()
	begin("AVX2", rows, vectors, 8)
	k := gpr(Load(Param("k"), GP64()))
	p := pointRows(gpr(Load(Param("a"), GP64())), gpr(Load(Param("rsa"), GP64())), rows)
	csa := gpr(Load(Param("csa"), GP64()))
	b := gpr(Load(Param("b"), GP64()))
	ldb := gpr(Load(Param("ldb"), GP64()))

	sum := make([][]reg.VecVirtual, rows)
	for i := range sum {
		for range vectors {
			s := YMM()
			VXORPS(s, s, s)
			sum[i] = append(sum[i], s)
		}
	}
	vb := []reg.VecVirtual{YMM(), YMM()}
	va := []reg.VecVirtual{YMM(), YMM()}

	Label("loop")
	for v := range vectors {
		VMOVUPS(Mem{Base: b, Disp: 32 * v}, vb[v])
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
	mask := va[0] // of the last vector; those before it are whole
	CMPQ(n, Imm(uint64(8*vectors)))
	JNE(LabelRef("partial"))
	store := func(full, toAdd bool) {
		for i := range rows {
			for v := range vectors {
				at := Mem{Base: c, Disp: 32 * v}
				whole := full || v < vectors-1
				switch {
				case whole && toAdd:
					VADDPS(at, sum[i][v], sum[i][v])
				case toAdd:
					VMASKMOVPS(at, mask, vb[0])
					VADDPS(vb[0], sum[i][v], sum[i][v])
				}
				if whole {
					VMOVUPS(sum[i][v], at)
				} else {
					VMASKMOVPS(sum[i][v], mask, at)
				}
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
	store(true, true)
	Label("set")
	store(true, false)

	Label("partial")
	from := GP64()
	LEAQ(table, from)
	NEGQ(n)
	VMOVUPS(Mem{Base: from, Index: n, Scale: 4, Disp: 64 + 32*(vectors-1)}, mask)
	TESTB(add, add)
	JE(LabelRef("setPartial"))
	store(false, true)
	Label("setPartial")
	store(false, false)
}
