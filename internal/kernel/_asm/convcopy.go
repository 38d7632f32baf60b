package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// padLines writes the copy of lines to where there is room between them.
func padLines() {
	table := maskTable()
	TEXT("padLinesAVX2", NOSPLIT, "func(dst *float32, ldd int, src *float32, lds, n, lines int)")
	Pragma("noescape")
	Doc("padLinesAVX2 copies lines, for steps in bytes, n and lines at least 1:", "",
		"	for l < lines, j < n: dst[l*ldd + j] = src[l*lds + j]")
	dst := gpr(Load(Param("dst"), GP64()))
	ldd := gpr(Load(Param("ldd"), GP64()))
	src := gpr(Load(Param("src"), GP64()))
	lds := gpr(Load(Param("lds"), GP64()))
	n := gpr(Load(Param("n"), GP64()))
	lines := gpr(Load(Param("lines"), GP64()))
	v, mask := YMM(), YMM()
	at, end := GP64(), GP64()
	MOVQ(n, end)
	SUBQ(Imm(8), end)
	JL(LabelRef("short"))

	Label("line")
	XORQ(at, at)
	CMPQ(at, end)
	JGE(LabelRef("last"))
	Label("vector")
	VMOVUPS(Mem{Base: src, Index: at, Scale: 4}, v)
	VMOVUPS(v, Mem{Base: dst, Index: at, Scale: 4})
	ADDQ(Imm(8), at)
	CMPQ(at, end)
	JL(LabelRef("vector"))
	Label("last") // overlaps the one before
	VMOVUPS(Mem{Base: src, Index: end, Scale: 4}, v)
	VMOVUPS(v, Mem{Base: dst, Index: end, Scale: 4})
	ADDQ(lds, src)
	ADDQ(ldd, dst)
	DECQ(lines)
	JNE(LabelRef("line"))
	VZEROUPPER()
	RET()

	Label("short")
	NEGQ(n)
	LEAQ(table, at)
	VMOVUPS(Mem{Base: at, Index: n, Scale: 4, Disp: 64}, mask)
	Label("shortLine")
	VMASKMOVPS(Mem{Base: src}, mask, v)
	VMASKMOVPS(v, mask, Mem{Base: dst})
	ADDQ(lds, src)
	ADDQ(ldd, dst)
	DECQ(lines)
	JNE(LabelRef("shortLine"))
	VZEROUPPER()
	RET()
}

// unzip writes the separation of even and odd elements.
func unzip() {
	TEXT("unzipAVX2", NOSPLIT, "func(even, odd, src *float32, n int)")
	Pragma("noescape")
	Doc("unzipAVX2 separates neighbors, for n a positive multiple of 8:", "",
		"	for i < n: even[i], odd[i] = src[2*i], src[2*i+1]")
	even := gpr(Load(Param("even"), GP64()))
	odd := gpr(Load(Param("odd"), GP64()))
	src := gpr(Load(Param("src"), GP64()))
	n := gpr(Load(Param("n"), GP64()))
	at := GP64()
	XORQ(at, at)
	a, b, e := YMM(), YMM(), YMM()
	Label("vector")
	VMOVUPS(Mem{Base: src, Index: at, Scale: 8}, a)
	VMOVUPS(Mem{Base: src, Index: at, Scale: 8, Disp: 32}, b)
	VSHUFPS(Imm(0x88), b, a, e)
	VPERMPD(Imm(0xd8), e, e)
	VMOVUPS(e, Mem{Base: even, Index: at, Scale: 4})
	VSHUFPS(Imm(0xdd), b, a, e)
	VPERMPD(Imm(0xd8), e, e)
	VMOVUPS(e, Mem{Base: odd, Index: at, Scale: 4})
	ADDQ(Imm(8), at)
	CMPQ(at, n)
	JL(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// weave writes the packing of the weights of a tile.
func weave() {
	TEXT("weaveAVX2", NOSPLIT, "func(dst, src *float32, lds, k int)")
	Pragma("noescape")
	Doc("weaveAVX2 interleaves rows of weights, for lds in bytes and k ≥ 8:", "",
		fmt.Sprintf("	for p < k, r < %d: dst[%d*p + r] = src[r*lds + p]", convTileRows, convTileRows))
	dst := gpr(Load(Param("dst"), GP64()))
	rows := []reg.GPVirtual{gpr(Load(Param("src"), GP64()))}
	lds := gpr(Load(Param("lds"), GP64()))
	for r := 1; r < convTileRows; r++ {
		next := GP64()
		LEAQ(Mem{Base: rows[r-1], Index: lds, Scale: 1}, next)
		rows = append(rows, next)
	}
	last := gpr(Load(Param("k"), GP64()))
	SUBQ(Imm(8), last)
	at, to := GP64(), GP64()
	XORQ(at, at)
	x, pairs := make([]reg.VecVirtual, 4), make([]reg.VecVirtual, 4)
	for r := range x {
		x[r], pairs[r] = YMM(), YMM()
	}
	Label("vector")
	for r := range x {
		VMOVUPS(Mem{Base: rows[r], Index: at, Scale: 4}, x[r])
	}
	// Of rows a, b, c, d: a0 b0 c0 d0 | a4 b4 c4 d4, then 1 and 5, and so on.
	VUNPCKLPS(x[1], x[0], pairs[0])
	VUNPCKHPS(x[1], x[0], pairs[1])
	VUNPCKLPS(x[3], x[2], pairs[2])
	VUNPCKHPS(x[3], x[2], pairs[3])
	VUNPCKLPD(pairs[2], pairs[0], x[0])
	VUNPCKHPD(pairs[2], pairs[0], x[1])
	VUNPCKLPD(pairs[3], pairs[1], x[2])
	VUNPCKHPD(pairs[3], pairs[1], x[3])
	VPERM2F128(Imm(0x20), x[1], x[0], pairs[0])
	VPERM2F128(Imm(0x20), x[3], x[2], pairs[1])
	VPERM2F128(Imm(0x31), x[1], x[0], pairs[2])
	VPERM2F128(Imm(0x31), x[3], x[2], pairs[3])
	MOVQ(at, to)
	SHLQ(Imm(4), to)
	for i := range pairs {
		VMOVUPS(pairs[i], Mem{Base: dst, Index: to, Scale: 1, Disp: 32 * i})
	}
	CMPQ(at, last)
	JE(LabelRef("done"))
	ADDQ(Imm(8), at)
	CMPQ(at, last)
	JLE(LabelRef("vector"))
	MOVQ(last, at) // overlaps the vector before
	JMP(LabelRef("vector"))
	Label("done")
	VZEROUPPER()
	RET()
}

// gather writes the packing of what taps of a kernel meet.
func gather() {
	TEXT("gatherAVX2", NOSPLIT, "func(dst *float32, width int, src *float32, offsets *int, count int, runs *int, nruns int)")
	Pragma("noescape")
	Doc("gatherAVX2 copies runs of up to 8 elements, each as a whole vector, for a width in bytes:", "",
		"	for i < count, (at, n, from) in runs, j < n:",
		"		dst[i*width + at + j] = src[offsets[i] + from + j]", "",
		"What it writes behind a run is lost, unless that is the last. Count and runs are at least 1.")
	dst := gpr(Load(Param("dst"), GP64()))
	width := gpr(Load(Param("width"), GP64()))
	src := gpr(Load(Param("src"), GP64()))
	offsets := gpr(Load(Param("offsets"), GP64()))
	count := gpr(Load(Param("count"), GP64()))
	runs := gpr(Load(Param("runs"), GP64()))
	end := gpr(Load(Param("nruns"), GP64()))
	LEAQ(Mem{Base: end, Index: end, Scale: 2}, end)
	LEAQ(Mem{Base: runs, Index: end, Scale: 8}, end)
	base, run, at, from, v := GP64(), GP64(), GP64(), GP64(), YMM()
	Label("row")
	MOVQ(Mem{Base: offsets}, base)
	LEAQ(Mem{Base: src, Index: base, Scale: 4}, base)
	MOVQ(runs, run)
	Label("run")
	MOVQ(Mem{Base: run, Disp: 16}, from)
	MOVQ(Mem{Base: run}, at)
	VMOVUPS(Mem{Base: base, Index: from, Scale: 4}, v)
	VMOVUPS(v, Mem{Base: dst, Index: at, Scale: 4})
	ADDQ(Imm(24), run)
	CMPQ(run, end)
	JNE(LabelRef("run"))
	PREFETCHT1(Mem{Base: base, Index: from, Scale: 4, Disp: 64}) // of the next strip
	PREFETCHT1(Mem{Base: base, Index: from, Scale: 4, Disp: 127})
	ADDQ(width, dst)
	ADDQ(Imm(8), offsets)
	DECQ(count)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}
