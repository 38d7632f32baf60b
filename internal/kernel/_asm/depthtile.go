package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// depthTile writes the convolution of one channel for rows rows of vectors
// vectors of pixels.
func depthTile(rows, vectors int) {
	table := maskTable()
	TEXT(fmt.Sprintf("depthTileAVX2x%dx%d", rows, 8*vectors), NOSPLIT,
		"func(k int, w, b *float32, ldb int, whole bool, offsets *int, c *float32, ldc, n int, bias float32)")
	Pragma("noescape")
	Doc(
		fmt.Sprintf("depthTileAVX2x%dx%d computes %d rows of %d < n ≤ %d pixels of one channel, for steps in bytes and k ≥ 1:", rows, 8*vectors, rows, 8*vectors-8, 8*vectors),
		"",
		"	sum = bias",
		"	for p < k: sum = fma(w[p], b[offsets[p] + i*ldb + j], sum)",
		"	c[i*ldc + j] = sum",
		"",
		"With whole, pixels up to the last vector's end are read.",
	)
	k := gpr(Load(Param("k"), GP64()))
	w := gpr(Load(Param("w"), GP64()))
	b := gpr(Load(Param("b"), GP64()))
	ldb := gpr(Load(Param("ldb"), GP64()))
	offsets := gpr(Load(Param("offsets"), GP64()))
	n := gpr(Load(Param("n"), GP64()))
	at, masks := GP64(), GP64()
	LEAQ(table, masks)
	bias := YMM()
	VBROADCASTSS(param("bias"), bias)
	sum := make([][]reg.VecVirtual, rows)
	for i := range sum {
		for range vectors {
			s := YMM()
			VMOVAPS(bias, s)
			sum[i] = append(sum[i], s)
		}
	}
	weight, x, mask := bias, YMM(), YMM()
	loop := func(label string, masked bool) {
		Label(label)
		MOVQ(Mem{Base: offsets}, at)
		LEAQ(Mem{Base: b, Index: at, Scale: 4}, at)
		VBROADCASTSS(Mem{Base: w}, weight)
		for i := range rows {
			for v := range vectors {
				from := Mem{Base: at, Disp: 32 * v}
				if masked && v == vectors-1 {
					VMASKMOVPS(from, mask, x)
					VFMADD231PS(x, weight, sum[i][v])
				} else {
					VFMADD231PS(from, weight, sum[i][v])
				}
			}
			if i < rows-1 {
				ADDQ(ldb, at)
			}
		}
		ADDQ(Imm(4), w)
		ADDQ(Imm(8), offsets)
		DECQ(k)
		JNE(LabelRef(label))
	}
	store := func(masked bool) {
		c := gpr(Load(Param("c"), GP64()))
		ldc := gpr(Load(Param("ldc"), GP64()))
		for i := range rows {
			for v := range vectors {
				to := Mem{Base: c, Disp: 32 * v}
				if masked && v == vectors-1 {
					VMASKMOVPS(sum[i][v], mask, to)
				} else {
					VMOVUPS(sum[i][v], to)
				}
			}
			if i < rows-1 {
				ADDQ(ldc, c)
			}
		}
		VZEROUPPER()
		RET()
	}
	CMPQ(n, Imm(uint64(8*vectors)))
	JNE(LabelRef("partial"))
	loop("full", false)
	store(false)
	Label("partial")
	NEGQ(n)
	VMOVUPS(Mem{Base: masks, Index: n, Scale: 4, Disp: 64 + 32*(vectors-1)}, mask)
	whole := Load(Param("whole"), GP8())
	TESTB(whole, whole)
	JE(LabelRef("masked"))
	loop("plain", false)
	JMP(LabelRef("store"))
	loop("masked", true)
	Label("store")
	store(true)
}
