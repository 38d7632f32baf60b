package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// elementwise writes a loop over vectors of 8 with a masked last one. params
// is the rest of the signature before n. Each pointer in in is read, each in
// out written with what body returns.
func elementwise(name, params string, in, out []string, doc string, prepare func(), body func(x []reg.VecVirtual) []reg.VecVirtual) {
	table := maskTable()
	TEXT(name, NOSPLIT, fmt.Sprintf("func(%s, n int)", params))
	Pragma("noescape")
	Doc(name+" computes, for i < n:", "", "\t"+doc, "",
		"with the roundings of the definition. Operands may be the same slice, and n may be 0.")
	pointer := map[string]reg.GPVirtual{}
	for _, p := range append(append([]string{}, in...), out...) {
		if _, ok := pointer[p]; !ok {
			pointer[p] = gpr(Load(Param(p), GP64()))
		}
	}
	prepare()
	n := gpr(Load(Param("n"), GP64()))
	at := GP64()
	XORQ(at, at)
	SUBQ(Imm(8), n)
	JL(LabelRef("tail"))

	Label("vector")
	var x []reg.VecVirtual
	for _, p := range in {
		v := YMM()
		VMOVUPS(Mem{Base: pointer[p], Index: at, Scale: 4}, v)
		x = append(x, v)
	}
	for i, v := range body(x) {
		VMOVUPS(v, Mem{Base: pointer[out[i]], Index: at, Scale: 4})
	}
	ADDQ(Imm(8), at)
	SUBQ(Imm(8), n)
	JGE(LabelRef("vector"))

	Label("tail")
	NEGQ(n)
	CMPQ(n, Imm(8))
	JE(LabelRef("done"))
	masks, mask := GP64(), YMM()
	LEAQ(table, masks)
	VMOVUPS(Mem{Base: masks, Index: n, Scale: 4, Disp: 32}, mask)
	x = nil
	for _, p := range in {
		v := YMM()
		VMASKMOVPS(Mem{Base: pointer[p], Index: at, Scale: 4}, mask, v)
		x = append(x, v)
	}
	for i, v := range body(x) {
		VMASKMOVPS(v, mask, Mem{Base: pointer[out[i]], Index: at, Scale: 4})
	}
	Label("done")
	VZEROUPPER()
	RET()
}

// one is the result of a body with a single output.
func one(v reg.VecVirtual) []reg.VecVirtual { return []reg.VecVirtual{v} }

func nothing() {}

type vectorOp func(a, b, dst Op)

// arithmetic writes the four operations, on two slices and on a slice and a
// number.
func arithmetic() {
	for _, o := range []struct {
		name, sign string
		f          vectorOp
	}{
		{"add", "+", func(b, a, dst Op) { VADDPS(b, a, dst) }},
		{"sub", "-", func(b, a, dst Op) { VSUBPS(b, a, dst) }},
		{"mul", "*", func(b, a, dst Op) { VMULPS(b, a, dst) }},
		{"div", "/", func(b, a, dst Op) { VDIVPS(b, a, dst) }},
	} {
		elementwise(o.name+"AVX2", "dst, a, b *float32", []string{"a", "b"}, []string{"dst"},
			"dst[i] = a[i] "+o.sign+" b[i]", nothing,
			func(x []reg.VecVirtual) []reg.VecVirtual {
				o.f(x[1], x[0], x[0])
				return one(x[0])
			})
		y := YMM()
		elementwise(o.name+"ValueAVX2", "dst, a *float32, y float32", []string{"a"}, []string{"dst"},
			"dst[i] = a[i] "+o.sign+" y",
			func() { VBROADCASTSS(param("y"), y) },
			func(x []reg.VecVirtual) []reg.VecVirtual {
				o.f(y, x[0], x[0])
				return one(x[0])
			})
	}
	scale := YMM()
	elementwise("addScaledAVX2", "dst *float32, scale float32, src *float32", []string{"dst", "src"}, []string{"dst"},
		"dst[i] += scale*src[i]",
		func() { VBROADCASTSS(param("scale"), scale) },
		func(x []reg.VecVirtual) []reg.VecVirtual {
			VMULPS(scale, x[1], x[1])
			VADDPS(x[1], x[0], x[0])
			return one(x[0])
		})
	zero := YMM()
	elementwise("reluAVX2", "dst, src *float32", []string{"src"}, []string{"dst"},
		"dst[i] = src[i] < 0 ? 0 : src[i]",
		func() { VXORPS(zero, zero, zero) },
		func(x []reg.VecVirtual) []reg.VecVirtual {
			VMAXPS(x[0], zero, x[0]) // the second operand of equal or unordered ones: x
			return one(x[0])
		})
}

// param is a parameter as an operand in memory.
func param(name string) Op {
	c, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return c.Addr
}

// constants in memory, eight times each.
var constants = map[uint32]Mem{}

func bits(b uint32) Mem {
	m, ok := constants[b]
	if !ok {
		m = GLOBL(fmt.Sprintf("const%08x", b), RODATA|NOPTR)
		for i := range 8 {
			DATA(4*i, U32(b))
		}
		constants[b] = m
	}
	return m
}

func number(x float64) Mem { return bits(math.Float32bits(float32(x))) }
