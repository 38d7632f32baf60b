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
	gather()
}

// convTile writes the product of rows output channels and vectors vectors of
// pixels, for several such tiles below one another.
func convTile(rows, vectors int) {
	table := maskTable()
	TEXT(fmt.Sprintf("convTileAVX2x%dx%d", rows, 8*vectors), NOSPLIT,
		"func(tiles, k int, a *float32, astep int, b *float32, bstep int, whole bool, offsets *int, c *float32, ldc, cstep, most, last int, add bool, bias, residual, bounds *float32)")
	Pragma("noescape")
	Doc(
		fmt.Sprintf("convTileAVX2x%dx%d computes tiles of %d rows and %d vectors of a convolution, for steps in bytes and tiles and k ≥ 1:", rows, 8*vectors, rows, vectors),
		"",
		"	sum = 0",
		fmt.Sprintf("	for p < k: sum = fma(a[p*%d + i], b[offsets[p] + v*bstep + j], sum)", convTileRows),
		"	c[i*ldc + v*cstep + j] = sum (+ bias[i] if there is one) (+ c[…] if add) (+ residual[…] if there is one)",
		"",
		"not below bounds[0] and not above bounds[1] if there are any, for j < 8, but j < last in",
		"the last vector and j < most in those before it; others are not",
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
	ahead := rows == convTileRows && vectors == 3 // there is room for one more load
	astep := at
	if ahead {
		astep = gpr(Load(Param("astep"), GP64()))
	}
	multiply := func(label string) {
		if ahead { // the next tile's weights
			PREFETCHT0(Mem{Base: weights, Index: astep, Scale: 1})
		}
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

	ldc := offsets
	each := func(f func(i, v int)) {
		for i := range rows {
			for v := range vectors {
				f(i, v)
			}
			if i < rows-1 {
				ADDQ(ldc, at)
			}
		}
	}
	prefetch := func() { // the rows may come from memory while the sums are made
		each(func(i, v int) {
			PREFETCHT0(Mem{Base: c[v], Index: at, Scale: 1})
			if v == vectors-1 {
				PREFETCHT0(Mem{Base: c[v], Index: at, Scale: 1, Disp: 31})
			}
		})
	}

	Label("tile")
	Load(Param("ldc"), ldc)
	XORQ(at, at)
	prefetch()
	Load(Param("residual"), at)
	TESTQ(at, at)
	JE(LabelRef("fetched"))
	SUBQ(c[0], at)
	prefetch()
	Label("fetched")
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
	JMP(LabelRef("bias"))

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

	Label("bias")
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
	Load(Param("ldc"), ldc)
	Load(Param("most"), most)
	NEGQ(most)
	Load(Param("last"), last)
	NEGQ(last)
	ifPartial := func(label string) {
		if vectors > 1 {
			CMPQ(most, I8(-8))
			JNE(LabelRef(label))
		}
		CMPQ(last, I8(-8))
		JNE(LabelRef(label))
	}
	// addTo adds rows of c, or as far from it as at says.
	addTo := func(name string) {
		ifPartial(name + "Partial")
		each(func(i, v int) { VADDPS(Mem{Base: c[v], Index: at, Scale: 1}, sum[i][v], sum[i][v]) })
		JMP(LabelRef(name + "Done"))
		Label(name + "Partial")
		from := GP64()
		MOVQ(at, from)
		loadMasks()
		MOVQ(from, at)
		each(func(i, v int) {
			VMASKMOVPS(Mem{Base: c[v], Index: at, Scale: 1}, x[v], w)
			VADDPS(w, sum[i][v], sum[i][v])
		})
		Label(name + "Done")
	}
	Load(Param("add"), flag)
	TESTB(flag, flag)
	JE(LabelRef("residual"))
	XORQ(at, at)
	addTo("add")

	Label("residual")
	Load(Param("residual"), at)
	TESTQ(at, at)
	JE(LabelRef("bounds"))
	next := GP64()
	LEAQ(Mem{Base: at, Index: ldc, Scale: convTileRows}, next)
	Store(next, Param("residual"))
	SUBQ(c[0], at)
	addTo("residual")

	Label("bounds")
	Load(Param("bounds"), at)
	TESTQ(at, at)
	JE(LabelRef("store"))
	low, high := x[0], w
	VBROADCASTSS(Mem{Base: at}, low)
	VBROADCASTSS(Mem{Base: at, Disp: 4}, high)
	for i := range rows {
		for v := range vectors { // the second operand of equal or unordered ones: the sum
			VMAXPS(sum[i][v], low, sum[i][v])
			VMINPS(sum[i][v], high, sum[i][v])
		}
	}

	Label("store")
	ifPartial("storePartial")
	XORQ(at, at)
	each(func(i, v int) { VMOVUPS(sum[i][v], Mem{Base: c[v], Index: at, Scale: 1}) })
	JMP(LabelRef("next"))

	Label("storePartial")
	loadMasks()
	XORQ(at, at)
	if vectors > 1 { // those before the last are usually whole, and a masked store costs several plain ones
		CMPQ(most, I8(-8))
		JNE(LabelRef("storeMasked"))
		each(func(i, v int) {
			to := Mem{Base: c[v], Index: at, Scale: 1}
			if v < vectors-1 {
				VMOVUPS(sum[i][v], to)
			} else {
				VMASKMOVPS(sum[i][v], x[v], to)
			}
		})
		JMP(LabelRef("next"))
		Label("storeMasked")
	}
	each(func(i, v int) { VMASKMOVPS(sum[i][v], x[v], Mem{Base: c[v], Index: at, Scale: 1}) })

	Label("next")
	for v := range vectors {
		if rows == convTileRows {
			LEAQ(Mem{Base: c[v], Index: ldc, Scale: 4}, c[v])
		}
	}
	if !ahead {
		Load(Param("astep"), astep)
	}
	ADDQ(astep, a)
	Load(Param("tiles"), at)
	DECQ(at)
	Store(at, Param("tiles"))
	JNE(LabelRef("tile"))
	VZEROUPPER()
	RET()
}
