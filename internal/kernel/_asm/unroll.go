package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// unroll writes the walk over the rows of an unrolled image that copies from
// the image, or with fold the one that adds to it.
func unroll(fold bool) {
	name, doc := "unrollAVX2", []string{
		"unrollAVX2 copies runs of an image to rows of its unrolled form:",
		"",
		"	for i < count, (at, n, from) in runs, j < n:",
		"		rows[i*width + at + j] = image[offsets[i] + from + j]",
		"",
		"runs points to the triples. rows and image do not overlap; count, runs and n are at least 1.",
	}
	if fold {
		name, doc = "foldAVX2", []string{
			"foldAVX2 adds rows of an unrolled image to the image, in order of the rows:",
			"",
			"	for i < count, (at, n, from) in runs, j < n:",
			"		image[offsets[i] + from + j] += rows[i*width + at + j]",
			"",
			"runs points to the triples. rows and image do not overlap; count, runs and n are at least 1.",
		}
	}
	table := maskTable()
	TEXT(name, NOSPLIT, "func(rows *float32, width int, image *float32, offsets *int, count int, runs *int, nruns int)")
	Pragma("noescape")
	Doc(doc...)

	rows := gpr(Load(Param("rows"), GP64()))
	width := gpr(Load(Param("width"), GP64()))
	SHLQ(Imm(2), width)
	image := gpr(Load(Param("image"), GP64()))
	offsets := gpr(Load(Param("offsets"), GP64()))
	count := gpr(Load(Param("count"), GP64()))
	runs := gpr(Load(Param("runs"), GP64()))
	nruns := gpr(Load(Param("nruns"), GP64()))
	masks := GP64()
	LEAQ(table, masks)

	base, run, left := GP64(), GP64(), GP64()
	from, to, n := GP64(), GP64(), GP64()
	v, w, mask := YMM(), YMM(), YMM()

	// from walks the row and to the image, or the other way about.
	row, pixel := to, from
	if fold {
		row, pixel = from, to
	}

	Label("row")
	MOVQ(Mem{Base: offsets}, base)
	LEAQ(Mem{Base: image, Index: base, Scale: 4}, base)
	MOVQ(runs, run)
	MOVQ(nruns, left)

	Label("run")
	MOVQ(Mem{Base: run}, row)
	LEAQ(Mem{Base: rows, Index: row, Scale: 4}, row)
	MOVQ(Mem{Base: run, Disp: 8}, n)
	MOVQ(Mem{Base: run, Disp: 16}, pixel)
	LEAQ(Mem{Base: base, Index: pixel, Scale: 4}, pixel)
	ADDQ(Imm(24), run)
	SUBQ(Imm(8), n)
	JL(LabelRef("tail"))

	Label("vector")
	VMOVUPS(Mem{Base: from}, v)
	if fold {
		VADDPS(Mem{Base: to}, v, v)
	}
	VMOVUPS(v, Mem{Base: to})
	ADDQ(Imm(32), from)
	ADDQ(Imm(32), to)
	SUBQ(Imm(8), n)
	JGE(LabelRef("vector"))

	Label("tail") // n is the rest minus 8
	NEGQ(n)
	CMPQ(n, Imm(8))
	JE(LabelRef("next"))
	VMOVUPS(Mem{Base: masks, Index: n, Scale: 4, Disp: 32}, mask)
	VMASKMOVPS(Mem{Base: from}, mask, v)
	if fold {
		VMASKMOVPS(Mem{Base: to}, mask, w)
		VADDPS(w, v, v)
	}
	VMASKMOVPS(v, mask, Mem{Base: to})

	Label("next")
	DECQ(left)
	JNE(LabelRef("run"))
	ADDQ(width, rows)
	ADDQ(Imm(8), offsets)
	DECQ(count)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}
