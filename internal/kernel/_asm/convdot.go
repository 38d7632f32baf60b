package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// convDot writes the products of rows rows with taps shifted images, summed in
// 8 interleaved lanes.
func convDot(rows, taps int) {
	table := maskTable()
	TEXT(fmt.Sprintf("convDotAVX2x%dx%d", rows, taps), NOSPLIT,
		"func(lines, n int, a *float32, lda, aline int, b *float32, bline int, offsets *int, sum *float32)")
	Pragma("noescape")
	Doc(
		fmt.Sprintf("convDotAVX2x%dx%d adds up products of %d rows and %d taps in lanes, for steps in bytes, lines ≥ 1 and n ≥ 1:", rows, taps, rows, taps),
		"",
		"	for l < lines, j < n:",
		fmt.Sprintf("		sum[(i*%d + t)*8 + j%%8] = fma(a[i*lda + l*aline + j], b[offsets[t] + l*bline + j], sum[…])", taps),
	)
	lines := gpr(Load(Param("lines"), GP64()))
	masks, sums := GP64(), GP64()
	LEAQ(table, masks)
	a := []reg.GPVirtual{gpr(Load(Param("a"), GP64()))}
	step := GP64()
	Load(Param("lda"), step)
	for i := 1; i < rows; i++ {
		next := GP64()
		LEAQ(Mem{Base: a[i-1], Index: step, Scale: 1}, next)
		a = append(a, next)
	}
	b := gpr(Load(Param("b"), GP64()))
	aj, bj, left := GP64(), GP64(), GP64()
	Load(Param("sum"), sums)
	acc := make([][]reg.VecVirtual, rows)
	for i := range acc {
		for t := range taps {
			s := YMM()
			VMOVUPS(Mem{Base: sums, Disp: 32 * (i*taps + t)}, s)
			acc[i] = append(acc[i], s)
		}
	}
	offsets := sums
	Load(Param("offsets"), offsets)
	at := GP64()

	// The smaller side stays in registers while the other passes.
	held := make([]reg.VecVirtual, min(rows, taps))
	for i := range held {
		held[i] = YMM()
	}
	passing := []reg.VecVirtual{YMM()}
	if len(held)+rows*taps < 15 {
		passing = append(passing, YMM())
	}
	body := func(load func(from Mem, to reg.VecVirtual)) {
		row := func(i int, to reg.VecVirtual) {
			load(Mem{Base: a[i], Index: aj, Scale: 1}, to)
		}
		tap := func(t int, to reg.VecVirtual) {
			MOVQ(Mem{Base: offsets, Disp: 8 * t}, at)
			LEAQ(Mem{Base: bj, Index: at, Scale: 4}, at)
			load(Mem{Base: at}, to)
		}
		if rows <= taps {
			for i := range rows {
				row(i, held[i])
			}
			for t := range taps {
				x := passing[t%len(passing)]
				tap(t, x)
				for i := range rows {
					VFMADD231PS(x, held[i], acc[i][t])
				}
			}
			return
		}
		for t := range taps {
			tap(t, held[t])
		}
		for i := range rows {
			x := passing[i%len(passing)]
			row(i, x)
			for t := range taps {
				VFMADD231PS(x, held[t], acc[i][t])
			}
		}
	}

	Label("line")
	XORQ(aj, aj)
	MOVQ(b, bj)
	Load(Param("n"), left)
	SUBQ(Imm(8), left)
	JL(LabelRef("tail"))
	Label("vector")
	body(func(from Mem, to reg.VecVirtual) { VMOVUPS(from, to) })
	ADDQ(Imm(32), aj)
	ADDQ(Imm(32), bj)
	SUBQ(Imm(8), left)
	JGE(LabelRef("vector"))
	Label("tail") // left is the rest minus 8
	NEGQ(left)
	CMPQ(left, Imm(8))
	JE(LabelRef("next"))
	body(func(from Mem, to reg.VecVirtual) {
		VMOVUPS(Mem{Base: masks, Index: left, Scale: 4, Disp: 32}, to)
		VMASKMOVPS(from, to, to)
	})
	Label("next")
	Load(Param("aline"), step)
	for i := range rows {
		ADDQ(step, a[i])
	}
	Load(Param("bline"), step)
	ADDQ(step, b)
	DECQ(lines)
	JNE(LabelRef("line"))
	Load(Param("sum"), sums)
	for i := range rows {
		for t := range taps {
			VMOVUPS(acc[i][t], Mem{Base: sums, Disp: 32 * (i*taps + t)})
		}
	}
	VZEROUPPER()
	RET()
}
