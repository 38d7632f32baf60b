package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// operand is a row that moves on with the loop, or one number.
type operand struct {
	pointer reg.GPVirtual
	value   reg.VecVirtual
}

func loadOperand(name string, row bool) operand {
	o := operand{pointer: gpr(Load(Param(name), GP64()))}
	if !row {
		o.value = YMM()
		VBROADCASTSS(Mem{Base: o.pointer}, o.value)
	}
	return o
}

// at returns 8 elements from an index on.
func (o operand) at(index reg.GPVirtual) Op {
	if o.value != nil {
		return o.value
	}
	return Mem{Base: o.pointer, Index: index, Scale: 4}
}

// describe is an element of an operand in a comment.
func describe(name string, row bool) string {
	if row {
		return name + "[i]"
	}
	return name + "[0]"
}

// eights writes a loop over blocks of 8 elements, for n a positive multiple of 8.
func eights(body func(at reg.GPVirtual)) {
	n := gpr(Load(Param("n"), GP64()))
	at := GP64()
	XORQ(at, at)
	Label("block")
	body(at)
	ADDQ(Imm(8), at)
	CMPQ(at, n)
	JL(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// comparisons writes the relations of two rows and of a row and a number.
func comparisons() {
	for _, r := range []struct {
		name, sign string
		predicate  uint64
		rows       bool // of two rows; the others are these with operands exchanged
	}{
		{"equal", "==", 0x00, true},
		{"notEqual", "!=", 0x04, true},
		{"less", "<", 0x11, true},
		{"lessEqual", "<=", 0x12, true},
		{"greater", ">", 0x1e, false},
		{"greaterEqual", ">=", 0x1d, false},
	} {
		for _, row := range []bool{true, false} {
			name := r.name + "AVX2"
			if !row {
				name = r.name + "ValueAVX2"
			} else if !r.rows {
				continue
			}
			right, params := "y", "a *float32, y float32"
			if row {
				right, params = "b[i]", "a, b *float32"
			}
			TEXT(name, NOSPLIT, "func(dst *uint8, "+params+", n int)")
			Pragma("noescape")
			Doc(name+" computes, for i < n, a positive multiple of 8:", "",
				"	dst[i] = a[i] "+r.sign+" "+right+" ? 1 : 0")
			dst := gpr(Load(Param("dst"), GP64()))
			a, b := loadOperand("a", true), operand{value: YMM()}
			if row {
				b = loadOperand("b", true)
			} else {
				VBROADCASTSS(param("y"), b.value)
			}
			eights(func(at reg.GPVirtual) {
				v, high := YMM(), XMM()
				VMOVUPS(a.at(at), v)
				VCMPPS(Imm(r.predicate), b.at(at), v, v)
				VEXTRACTF128(Imm(1), v, high)
				VPACKSSDW(high, v.AsX(), high)
				VPACKSSWB(high, high, high)
				VPAND(bits(0x01010101), high, high)
				VMOVQ(high, Mem{Base: dst, Index: at, Scale: 1})
			})
		}
	}
	for _, form := range []struct {
		name string
		a, b bool
	}{{"whereAVX2", true, true}, {"whereValueAVX2", true, false}, {"whereElseAVX2", false, true}} {
		TEXT(form.name, NOSPLIT, "func(dst *float32, cond *uint8, a, b *float32, n int)")
		Pragma("noescape")
		Doc(form.name+" computes, for i < n, a positive multiple of 8:", "",
			"	dst[i] = cond[i] != 0 ? "+describe("a", form.a)+" : "+describe("b", form.b), "",
			"dst may be a or b where that is a row.")
		dst := gpr(Load(Param("dst"), GP64()))
		cond := gpr(Load(Param("cond"), GP64()))
		a, b := loadOperand("a", form.a), loadOperand("b", form.b)
		zero := YMM()
		VPXOR(zero, zero, zero)
		eights(func(at reg.GPVirtual) {
			c, v := YMM(), YMM()
			VPMOVZXBD(Mem{Base: cond, Index: at, Scale: 1}, c)
			VPCMPEQD(zero, c, c)
			VMOVUPS(a.at(at), v)
			VBLENDVPS(c, b.at(at), v, v)
			VMOVUPS(v, Mem{Base: dst, Index: at, Scale: 4})
		})
	}
}
