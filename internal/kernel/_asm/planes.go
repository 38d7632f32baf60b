package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// planes writes the loops over planes that go with a convolution: pooling.
func planes() {
	maxTile()
	maxPairs()
}

// maxTile writes the maximum of what the taps of windows meet.
func maxTile() {
	TEXT("maxTileAVX2", NOSPLIT, "func(k int, b *float32, offsets *int, deltas *int32, y *float32, index *int64, start, step int)")
	Pragma("noescape")
	Doc("maxTileAVX2 takes the maximum of 8 windows, NaN being the greatest, for k ≥ 1:", "",
		"	best, at = -Inf, -1",
		"	for p < k: if b[offsets[p] + j] > best: best, at = b[offsets[p] + j], deltas[p]",
		"	y[j], index[j] = best, at < 0 ? -1 : start + j*step + at")
	k := gpr(Load(Param("k"), GP64()))
	b := gpr(Load(Param("b"), GP64()))
	offsets := gpr(Load(Param("offsets"), GP64()))
	deltas := gpr(Load(Param("deltas"), GP64()))
	at := GP64()
	best, where, v, d, greater, ordered := YMM(), YMM(), YMM(), YMM(), YMM(), YMM()
	VMOVUPS(bits(0xff800000), best)
	VPCMPEQD(where, where, where)
	Label("tap")
	MOVQ(Mem{Base: offsets}, at)
	VMOVUPS(Mem{Base: b, Index: at, Scale: 4}, v)
	VPBROADCASTD(Mem{Base: deltas}, d)
	VCMPPS(Imm(6), best, v, greater) // not v ≤ best
	VCMPPS(Imm(7), best, best, ordered)
	VANDPS(ordered, greater, greater)
	VBLENDVPS(greater, v, best, best)
	VBLENDVPS(greater, d, where, where)
	ADDQ(Imm(8), offsets)
	ADDQ(Imm(4), deltas)
	DECQ(k)
	JNE(LabelRef("tap"))
	y := gpr(Load(Param("y"), GP64()))
	VMOVUPS(best, Mem{Base: y})

	index := gpr(Load(Param("index"), GP64()))
	base, steps := YMM(), YMM()
	VPBROADCASTQ(param("start"), base)
	VPBROADCASTQ(param("step"), steps)
	storeIndex(where, base, steps, Mem{Base: index})
	VZEROUPPER()
	RET()
}

// storeIndex writes where + base + lane*steps as 8 integers of 64 bits, or where
// it is negative -1.
func storeIndex(where, base, steps reg.VecVirtual, to Mem) {
	if laneNumbers.Symbol.Name == "" {
		laneNumbers = GLOBL("laneNumbers", RODATA|NOPTR)
		for i := range 8 {
			DATA(8*i, U64(i))
		}
	}
	wide, negative, lane := YMM(), YMM(), YMM()
	for half := range 2 {
		if half == 1 {
			VEXTRACTI128(Imm(1), where, where.AsX())
		}
		VPMOVSXDQ(where.AsX(), wide)
		VPXOR(negative, negative, negative)
		VPCMPGTQ(wide, negative, negative)
		VPMULUDQ(laneNumbers.Offset(32*half), steps, lane)
		VPADDQ(lane, wide, wide)
		VPADDQ(base, wide, wide)
		VPOR(negative, wide, wide)
		VMOVDQU(wide, to.Offset(32*half))
	}
}

var laneNumbers Mem

// maxPairs writes the maximum of windows of 2×2.
func maxPairs() {
	TEXT("maxPairsAVX2", NOSPLIT, "func(y *float32, index *int64, top, bottom *float32, start, width, n int)")
	Pragma("noescape")
	Doc("maxPairsAVX2 takes the maxima of windows of 2×2, NaN being the greatest, for n ≥ 8:", "",
		"	for j < n: y[j] = the first maximum of top[2*j], top[2*j+1], bottom[2*j], bottom[2*j+1]",
		"	           index[j] = start + 2*j + (0, 1, width or width+1)")
	y := gpr(Load(Param("y"), GP64()))
	index := gpr(Load(Param("index"), GP64()))
	top := gpr(Load(Param("top"), GP64()))
	bottom := gpr(Load(Param("bottom"), GP64()))
	n := gpr(Load(Param("n"), GP64()))
	at, last := GP64(), GP64()
	below, one, two := YMM(), YMM(), YMM()
	VPBROADCASTD(param("width"), below) // its lower half: planes are smaller
	VPCMPEQD(one, one, one)
	VPSRLD(Imm(31), one, one)
	VPCMPEQD(two, two, two)
	VPSRLQ(Imm(63), two, two)
	VPADDQ(two, two, two)
	MOVQ(n, last)
	SUBQ(Imm(8), last)
	XORQ(at, at)

	Label("vector")
	best, where, a, b, v, d, greater, ordered := YMM(), YMM(), YMM(), YMM(), YMM(), YMM(), YMM(), YMM()
	take := func() {
		VCMPPS(Imm(6), best, v, greater) // not v ≤ best
		VCMPPS(Imm(7), best, best, ordered)
		VANDPS(ordered, greater, greater)
		VBLENDVPS(greater, v, best, best)
		VBLENDVPS(greater, d, where, where)
	}
	for i, row := range []reg.GPVirtual{top, bottom} {
		VMOVUPS(Mem{Base: row, Index: at, Scale: 8}, a)
		VMOVUPS(Mem{Base: row, Index: at, Scale: 8, Disp: 32}, b)
		VSHUFPS(Imm(0x88), b, a, v)
		VPERMPD(Imm(0xd8), v, v)
		if i == 0 {
			VMOVAPS(v, best)
			VPXOR(where, where, where)
			VMOVDQA(one, d)
		} else {
			VMOVDQA(below, d)
			take()
			VPADDD(one, d, d)
		}
		VSHUFPS(Imm(0xdd), b, a, v)
		VPERMPD(Imm(0xd8), v, v)
		take()
	}
	VMOVUPS(best, Mem{Base: y, Index: at, Scale: 4})
	// start + 2*at
	base := d
	Load(Param("start"), n)
	LEAQ(Mem{Base: n, Index: at, Scale: 2}, n)
	VMOVQ(n, base.AsX())
	VPBROADCASTQ(base.AsX(), base)
	storeIndex(where, base, two, Mem{Base: index, Index: at, Scale: 8})
	CMPQ(at, last)
	JE(LabelRef("done"))
	ADDQ(Imm(8), at)
	CMPQ(at, last)
	JLE(LabelRef("vector"))
	MOVQ(last, at) // overlaps the one before
	JMP(LabelRef("vector"))
	Label("done")
	VZEROUPPER()
	RET()
}
