package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// philox writes random numbers of the generator Philox4x32-10, from eight blocks
// at a time.
//
// A word of four blocks stands in the lower halves of four lanes of 64 bits, where
// VPMULUDQ takes it from. What is in the upper halves never reaches a lower one.
func philox() {
	const sets = 2
	// The lanes' counters, in the order that unpacking pairs of words turns into
	// that of the blocks.
	lanes := GLOBL("philoxLanes", RODATA|NOPTR)
	for i, block := range []uint64{0, 2, 1, 3} {
		DATA(8*i, U64(block))
	}
	TEXT("uniformAVX2", NOSPLIT, "func(dst *float32, key *[2]uint32, ctr *[4]uint32, n int)")
	Pragma("noescape")
	Doc("uniformAVX2 fills dst with the words of 8n blocks, for n ≥ 1, as multiples of 2^-24 in [0, 1).",
		"The first block's counter is ctr, and the lowest word of no counter overflows.")
	dst, n := gpr(Load(Param("dst"), GP64())), gpr(Load(Param("n"), GP64()))
	key, ctr := gpr(Load(Param("key"), GP64())), gpr(Load(Param("ctr"), GP64()))
	first := YMM()
	VPBROADCASTD(Mem{Base: ctr}, first)
	VPADDD(lanes, first, first)

	Label("blocks")
	var k [2]reg.VecVirtual
	for i := range k {
		k[i] = YMM()
		VPBROADCASTD(Mem{Base: key, Disp: 4 * i}, k[i])
	}
	var c [sets][4]reg.VecVirtual
	for s := range c {
		for w := range c[s] {
			c[s][w] = YMM()
			if w > 0 {
				VPBROADCASTD(Mem{Base: ctr, Disp: 4 * w}, c[s][w])
			}
		}
		VMOVDQA(first, c[s][0])
		VPADDD(bits(4), first, first)
	}
	for round := range 10 {
		if round > 0 {
			VPADDD(bits(0x9e3779b9), k[0], k[0])
			VPADDD(bits(0xbb67ae85), k[1], k[1])
		}
		for s := range c {
			low, high := YMM(), YMM()
			VPMULUDQ(bits(0xd2511f53), c[s][0], low)
			VPMULUDQ(bits(0xcd9e8d57), c[s][2], high)
			for i, product := range []reg.VecVirtual{high, low} {
				word := YMM()
				VPSRLQ(Imm(32), product, word)
				VPXOR(c[s][2*i+1], word, word)
				VPXOR(k[i], word, word)
				c[s][2*i], c[s][2*i+1] = word, product
			}
		}
	}
	for s := range c {
		var pair [2]reg.VecVirtual // words 0 and 1, 2 and 3 of each block
		for i := range pair {
			pair[i] = YMM()
			VPSLLQ(Imm(32), c[s][2*i+1], pair[i])
			VPBLENDD(Imm(0xaa), pair[i], c[s][2*i], pair[i])
		}
		x, y := YMM(), YMM()
		VPUNPCKLQDQ(pair[1], pair[0], x)
		VPUNPCKHQDQ(pair[1], pair[0], y)
		for i, v := range []reg.VecVirtual{x, y} {
			VPSRLD(Imm(8), v, v)
			VCVTDQ2PS(v, v)
			VMULPS(number(0x1p-24), v, v)
			VMOVUPS(v, Mem{Base: dst, Disp: 64*s + 32*i})
		}
	}
	ADDQ(Imm(64*sets), dst)
	DECQ(n)
	JNE(LabelRef("blocks"))
	VZEROUPPER()
	RET()
}
