package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// depthwise is the loops of a convolution of single channels.
func depthwise() {
	depthPlane(1)
	depthPlane(2)
}

// depthRows is the number of rows of the result that a strip of a plane has.
const depthRows = 4

// depthPlane writes the convolution of a plane with a kernel of 3×3 whose
// weights stay in registers: 9 of them, 4 of sums, 1 of pixels and 2 of limits.
// A pixel is loaded once for all rows of the strip that it counts in.
func depthPlane(stride int) {
	table := maskTable()
	name := fmt.Sprintf("depthPlaneAVX2s%d", stride)
	columns, taps := "", "q"
	if stride == 1 {
		columns, taps = "second, third int, ", "(0, second or third)"
	}
	TEXT(name, NOSPLIT, "func(rows, n int, w, b *float32, ldb int, "+columns+"c *float32, ldc int, bias, low, high float32)")
	Pragma("noescape")
	Doc(
		fmt.Sprintf("%s computes rows ≥ %d rows of n ≥ 4 pixels of one channel, for steps in bytes:", name, depthRows),
		"",
		"	sum = bias",
		"	for r < 3, q < 3: sum = fma(w[3*r + q], b[(i*stride + r)*ldb + "+taps+" + j*stride], sum)",
		"	c[i*ldc + j] = sum, not below low and not above high",
		"",
		fmt.Sprintf("for a stride of %d. Where n is less than 8, those of 8 are read, and ldc is n.", stride),
	)
	b := gpr(Load(Param("b"), GP64()))
	ldb := gpr(Load(Param("ldb"), GP64()))
	var second, third reg.GPVirtual
	if stride == 1 {
		second, third = gpr(Load(Param("second"), GP64())), gpr(Load(Param("third"), GP64()))
	}
	c := gpr(Load(Param("c"), GP64()))
	ldc := gpr(Load(Param("ldc"), GP64()))
	last := gpr(Load(Param("n"), GP64())) // where the last vector begins
	SUBQ(Imm(8), last)
	left := gpr(Load(Param("rows"), GP64())) // rows less those of a strip
	SUBQ(Imm(depthRows), left)

	from := gpr(Load(Param("w"), GP64()))
	var w [9]reg.VecVirtual
	for p := range w {
		w[p] = YMM()
		VBROADCASTSS(Mem{Base: from, Disp: 4 * p}, w[p])
	}
	low, high := YMM(), YMM()
	VBROADCASTSS(param("low"), low)
	VBROADCASTSS(param("high"), high)
	var sum [depthRows]reg.VecVirtual
	for i := range sum {
		sum[i] = YMM()
	}
	x, j, to := YMM(), GP64(), GP64()

	Label("strip")
	XORQ(j, j)
	Label("column")
	for i := range sum {
		VBROADCASTSS(param("bias"), sum[i])
	}
	LEAQ(Mem{Base: b, Index: j, Scale: uint8(4 * stride)}, from)
	for r := range stride*(depthRows-1) + 3 {
		if r > 0 {
			ADDQ(ldb, from)
		}
		for q := range 3 {
			if stride == 1 {
				at := Mem{Base: from}
				if q > 0 {
					at.Index, at.Scale = []reg.GPVirtual{second, third}[q-1], 1
				}
				VMOVUPS(at, x)
			} else { // every second pixel, in the order 0 1 4 5 2 3 6 7
				VMOVUPS(Mem{Base: from, Disp: 8 * (q / 2)}, x)
				VSHUFPS(Imm(uint64(0x88+0x55*(q%2))), Mem{Base: from, Disp: 32 + 8*(q/2)}, x, x)
			}
			for i, s := range sum {
				if tap := r - i*stride; tap >= 0 && tap < 3 {
					VFMADD231PS(w[3*tap+q], x, s)
				}
			}
		}
	}
	LEAQ(Mem{Base: c, Index: j, Scale: 4}, to)
	for i, s := range sum {
		VMAXPS(s, low, s)
		VMINPS(s, high, s)
		if stride == 2 {
			VPERMPD(Imm(0xd8), s, s)
		}
		if i < depthRows-1 { // what this writes into the next row is overwritten
			VMOVUPS(s, Mem{Base: to})
			ADDQ(ldc, to)
		}
	}
	end := sum[depthRows-1]
	CMPQ(last, Imm(0))
	JL(LabelRef("narrow"))
	VMOVUPS(end, Mem{Base: to})
	CMPQ(j, last)
	JGE(LabelRef("next"))
	ADDQ(Imm(8), j)
	CMPQ(j, last)
	CMOVQGT(last, j) // overlaps the vector before
	JMP(LabelRef("column"))

	Label("narrow") // last is n less 8
	LEAQ(table, from)
	NEGQ(last)
	VMOVUPS(Mem{Base: from, Index: last, Scale: 4, Disp: 32}, x)
	NEGQ(last)
	VMASKMOVPS(end, x, Mem{Base: to})

	Label("next") // after as many rows, or as are left
	CMPQ(left, Imm(0))
	JE(LabelRef("done"))
	MOVQ(I32(depthRows), to)
	CMPQ(to, left)
	CMOVQGT(left, to)
	SUBQ(to, left)
	MOVQ(to, from)
	IMULQ(ldc, to)
	ADDQ(to, c)
	IMULQ(ldb, from)
	if stride == 2 {
		ADDQ(from, from)
	}
	ADDQ(from, b)
	JMP(LabelRef("strip"))
	Label("done")
	VZEROUPPER()
	RET()
}
