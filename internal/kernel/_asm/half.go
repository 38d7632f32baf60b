package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// halves writes the conversions of 16-bit formats.
func halves() {
	TEXT("hasF16C", NOSPLIT, "func() bool")
	Doc("hasF16C tells whether the processor converts binary16.")
	MOVL(U32(1), reg.EAX)
	XORL(reg.ECX, reg.ECX)
	CPUID()
	SHRL(Imm(29), reg.ECX)
	ANDL(Imm(1), reg.ECX)
	Store(reg.CL, ReturnIndex(0))
	RET()

	begin := func(name, dst, src, doc string) (to, from reg.GPVirtual) {
		TEXT(name, NOSPLIT, "func(dst *"+dst+", src *"+src+", n int)")
		Pragma("noescape")
		Doc(name+" computes, for i < n, a positive multiple of 8:", "", "	"+doc)
		return gpr(Load(Param("dst"), GP64())), gpr(Load(Param("src"), GP64()))
	}
	dst, src := begin("toFloat16AVX2", "uint16", "float32", "dst[i] = toFloat16(src[i])")
	eights(func(at reg.GPVirtual) {
		v := YMM()
		VMOVUPS(Mem{Base: src, Index: at, Scale: 4}, v)
		VCVTPS2PH(Imm(0), v, Mem{Base: dst, Index: at, Scale: 2}) // to nearest, ties to even
	})
	for _, add := range []bool{false, true} {
		name, sign := "from", "="
		if add {
			name, sign = "add", "+="
		}
		put := func(v reg.VecVirtual, at reg.GPVirtual) {
			to := Mem{Base: dst, Index: at, Scale: 4}
			if add {
				VADDPS(to, v, v)
			}
			VMOVUPS(v, to)
		}
		dst, src = begin(name+"Float16AVX2", "float32", "uint16", "dst[i] "+sign+" fromFloat16(src[i])")
		eights(func(at reg.GPVirtual) {
			v := YMM()
			VCVTPH2PS(Mem{Base: src, Index: at, Scale: 2}, v)
			put(v, at)
		})
		dst, src = begin(name+"BFloat16AVX2", "float32", "uint16", "dst[i] "+sign+" fromBFloat16(src[i])")
		eights(func(at reg.GPVirtual) {
			v := YMM()
			VPMOVZXWD(Mem{Base: src, Index: at, Scale: 2}, v)
			VPSLLD(Imm(16), v, v)
			put(v, at)
		})
	}
	dst, src = begin("toBFloat16AVX2", "uint16", "float32", "dst[i] = toBFloat16(src[i])")
	eights(func(at reg.GPVirtual) {
		v, odd, nan, high := YMM(), YMM(), YMM(), XMM()
		VMOVUPS(Mem{Base: src, Index: at, Scale: 4}, v)
		VCMPPS(Imm(unordered), v, v, nan)
		VPSRLD(Imm(16), v, odd)
		VPAND(bits(1), odd, odd)
		VPADDD(bits(0x7fff), odd, odd)
		VPADDD(v, odd, odd)
		VPOR(bits(0x400000), v, v)
		VBLENDVPS(nan, v, odd, v)
		VPSRLD(Imm(16), v, v)
		VEXTRACTF128(Imm(1), v, high)
		VPACKUSDW(high, v.AsX(), high)
		VMOVDQU(high, Mem{Base: dst, Index: at, Scale: 2})
	})
}
