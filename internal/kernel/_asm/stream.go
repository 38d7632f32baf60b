package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// stream writes a copy whose stores go past the caches.
func stream() {
	TEXT("streamAVX2", NOSPLIT, "func(dst, src *float32, n int)")
	Pragma("noescape")
	Doc("streamAVX2 copies n elements, a multiple of 32 above 0, past the caches to dst, which",
		"stands at a multiple of 32 bytes.")
	dst, src := gpr(Load(Param("dst"), GP64())), gpr(Load(Param("src"), GP64()))
	n := gpr(Load(Param("n"), GP64()))
	Label("loop")
	for v := range 4 {
		x := YMM()
		VMOVUPS(Mem{Base: src, Disp: 32 * v}, x)
		VMOVNTPS(x, Mem{Base: dst, Disp: 32 * v})
	}
	ADDQ(Imm(128), src)
	ADDQ(Imm(128), dst)
	SUBQ(Imm(32), n)
	JNE(LabelRef("loop"))
	SFENCE()
	VZEROUPPER()
	RET()
}
