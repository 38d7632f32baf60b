package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// convTileRows is the number of output channels of a tile of a convolution, by
// which its weights are packed. Four rows of three vectors take 12 registers of
// sums, 3 of pixels and 1 of weights.
const convTileRows = 4

// convolutions writes the direct loops of a convolution.
func convolutions() {
	for rows := 1; rows <= convTileRows; rows++ {
		for vectors := 1; vectors <= 3; vectors++ {
			convTile(rows, vectors)
		}
	}
	for vectors, most := range []int{1: 6, 2: 6, 3: 4} {
		for rows := 1; rows <= most; rows++ {
			depthTile(rows, vectors)
		}
	}
	for taps := 1; taps <= 9; taps++ {
		convDot(1, taps)
	}
	padLines()
	unzip()
	weave()
}

// maskOf loads the mask of the first n of 8 columns. n is lost.
func maskOf(masks, n reg.GPVirtual, mask reg.VecVirtual) {
	NEGQ(n)
	VMOVUPS(Mem{Base: masks, Index: n, Scale: 4, Disp: 64}, mask)
}

// convTile writes the product of rows output channels and vectors vectors of
// pixels, for several such tiles below one another.
func convTile(rows, vectors int) {
	table := maskTable()
	TEXT(fmt.Sprintf("convTileAVX2x%dx%d", rows, 8*vectors), NOSPLIT,
		"func(tiles, k int, a *float32, astep int, b *float32, bstep int, whole bool, offsets *int, c *float32, ldc, cstep, most, last int, bias *float32, add bool)")
	Pragma("noescape")
	Doc(
		fmt.Sprintf("convTileAVX2x%dx%d computes tiles of %d rows and %d vectors of a convolution, for steps in bytes and tiles and k ≥ 1:", rows, 8*vectors, rows, vectors),
		"",
		"	sum = 0",
		fmt.Sprintf("	for p < k: sum = fma(a[p*%d + i], b[offsets[p] + v*bstep + j], sum)", convTileRows),
		"	c[i*ldc + v*cstep + j] = sum (+ bias[i] if there is one) (+ c[…] if add)",
		"",
		"for j < 8, but j < last in the last vector and j < most in those before it; others are not",
		fmt.Sprintf("written, and with whole alone read. The next tile is astep further in a, and %d rows in c.", rows),
	)
	k, at := GP64(), GP64()
	a := gpr(Load(Param("a"), GP64()))
	b := []reg.GPVirtual{gpr(Load(Param("b"), GP64()))}
	step := gpr(Load(Param("bstep"), GP64()))
	for v := 1; v < vectors; v++ {
		next := GP64()
		LEAQ(Mem{Base: b[v-1], Index: step, Scale: 1}, next)
		b = append(b, next)
	}
	c := []reg.GPVirtual{gpr(Load(Param("c"), GP64()))}
	Load(Param("cstep"), step)
	for v := 1; v < vectors; v++ {
		next := GP64()
		LEAQ(Mem{Base: c[v-1], Index: step, Scale: 1}, next)
		c = append(c, next)
	}
	offsets, weights := GP64(), GP64()

	sum := make([][]reg.VecVirtual, rows)
	for i := range sum {
		for range vectors {
			sum[i] = append(sum[i], YMM())
		}
	}
	x := make([]reg.VecVirtual, vectors)
	for v := range x {
		x[v] = YMM()
	}
	w := YMM()
	multiply := func(label string) {
		for i := range rows {
			VBROADCASTSS(Mem{Base: weights, Disp: 4 * i}, w)
			for v := range vectors {
				VFMADD231PS(x[v], w, sum[i][v])
			}
		}
		ADDQ(Imm(4*convTileRows), weights)
		ADDQ(Imm(8), offsets)
		DECQ(k)
		JNE(LabelRef(label))
	}
	most, last := GP64(), GP64()
	loadMasks := func() { // a register of pixels holds its mask until it is loaded
		LEAQ(table, at)
		for v := range vectors {
			n := most
			if v == vectors-1 {
				n = last
			}
			VMOVUPS(Mem{Base: at, Index: n, Scale: 4, Disp: 64}, x[v])
		}
	}

	Label("tile")
	Load(Param("k"), k)
	Load(Param("offsets"), offsets)
	MOVQ(a, weights)
	for i := range rows {
		for v := range vectors {
			VXORPS(sum[i][v], sum[i][v], sum[i][v])
		}
	}
	flag := Load(Param("whole"), GP8())
	TESTB(flag, flag)
	JE(LabelRef("masked"))

	Label("plain")
	MOVQ(Mem{Base: offsets}, at)
	for v := range vectors {
		VMOVUPS(Mem{Base: b[v], Index: at, Scale: 4}, x[v])
	}
	multiply("plain")
	JMP(LabelRef("add"))

	Label("masked")
	Load(Param("most"), most)
	NEGQ(most)
	Load(Param("last"), last)
	NEGQ(last)
	Label("loop")
	loadMasks()
	MOVQ(Mem{Base: offsets}, at)
	for v := range vectors {
		VMASKMOVPS(Mem{Base: b[v], Index: at, Scale: 4}, x[v], x[v])
	}
	multiply("loop")

	Label("add")
	Load(Param("bias"), at)
	TESTQ(at, at)
	JE(LabelRef("columns"))
	for i := range rows {
		VBROADCASTSS(Mem{Base: at, Disp: 4 * i}, w)
		for v := range vectors {
			VADDPS(w, sum[i][v], sum[i][v])
		}
	}
	ADDQ(Imm(uint64(4*rows)), at)
	Store(at, Param("bias"))

	Label("columns")
	ldc := offsets
	Load(Param("ldc"), ldc)
	each := func(f func(i, v int)) {
		XORQ(at, at)
		for i := range rows {
			for v := range vectors {
				f(i, v)
			}
			if i < rows-1 {
				ADDQ(ldc, at)
			}
		}
	}
	Load(Param("most"), most)
	NEGQ(most)
	Load(Param("last"), last)
	NEGQ(last)
	if vectors > 1 {
		CMPQ(most, I8(-8))
		JNE(LabelRef("partial"))
	}
	CMPQ(last, I8(-8))
	JNE(LabelRef("partial"))
	Load(Param("add"), flag)
	TESTB(flag, flag)
	JE(LabelRef("set"))
	each(func(i, v int) { VADDPS(Mem{Base: c[v], Index: at, Scale: 1}, sum[i][v], sum[i][v]) })
	Label("set")
	each(func(i, v int) { VMOVUPS(sum[i][v], Mem{Base: c[v], Index: at, Scale: 1}) })
	JMP(LabelRef("next"))

	Label("partial")
	loadMasks()
	Load(Param("add"), flag)
	TESTB(flag, flag)
	JE(LabelRef("setPartial"))
	each(func(i, v int) {
		VMASKMOVPS(Mem{Base: c[v], Index: at, Scale: 1}, x[v], w)
		VADDPS(w, sum[i][v], sum[i][v])
	})
	Label("setPartial")
	if vectors > 1 { // those before the last are usually whole, and a masked store costs several plain ones
		CMPQ(most, I8(-8))
		JNE(LabelRef("setMasked"))
		each(func(i, v int) {
			to := Mem{Base: c[v], Index: at, Scale: 1}
			if v < vectors-1 {
				VMOVUPS(sum[i][v], to)
			} else {
				VMASKMOVPS(sum[i][v], x[v], to)
			}
		})
		JMP(LabelRef("next"))
		Label("setMasked")
	}
	each(func(i, v int) { VMASKMOVPS(sum[i][v], x[v], Mem{Base: c[v], Index: at, Scale: 1}) })

	Label("next")
	for v := range vectors {
		if rows == convTileRows {
			LEAQ(Mem{Base: c[v], Index: ldc, Scale: 4}, c[v])
		}
	}
	Load(Param("astep"), at)
	ADDQ(at, a)
	Load(Param("tiles"), at)
	DECQ(at)
	Store(at, Param("tiles"))
	JNE(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

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
