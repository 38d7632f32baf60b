package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sum writes eight interleaved partial sums of a run, of f of each element;
// lanes past the end of the run add nothing.
func sum(name, params, doc string, prepare func(), f func(x reg.VecVirtual) reg.VecVirtual) {
	table := maskTable()
	TEXT(name, NOSPLIT, fmt.Sprintf("func(acc, src *float32, %sn int)", params))
	Pragma("noescape")
	Doc(name + " computes eight interleaved sums: acc[i%8] += " + doc + " for i < n, from zero.")
	to := gpr(Load(Param("acc"), GP64()))
	src := gpr(Load(Param("src"), GP64()))
	prepare()
	n := gpr(Load(Param("n"), GP64()))
	acc := YMM()
	VXORPS(acc, acc, acc)
	SUBQ(Imm(8), n)
	JL(LabelRef("tail"))

	Label("vector")
	v := YMM()
	VMOVUPS(Mem{Base: src}, v)
	VADDPS(f(v), acc, acc)
	ADDQ(Imm(32), src)
	SUBQ(Imm(8), n)
	JGE(LabelRef("vector"))

	Label("tail")
	NEGQ(n)
	masks, mask, last := GP64(), YMM(), YMM()
	LEAQ(table, masks)
	VMOVUPS(Mem{Base: masks, Index: n, Scale: 4, Disp: 32}, mask)
	VMASKMOVPS(Mem{Base: src}, mask, last)
	last = f(last)
	VANDPS(mask, last, last)
	VADDPS(last, acc, acc)
	VMOVUPS(acc, Mem{Base: to})
	VZEROUPPER()
	RET()
}

func sums() {
	sum("sumAVX2", "", "src[i]", nothing, func(x reg.VecVirtual) reg.VecVirtual { return x })
	shift := YMM()
	sum("sumExpAVX2", "shift float32, ", "exp32(src[i] - shift)",
		func() { VBROADCASTSS(param("shift"), shift) },
		func(x reg.VecVirtual) reg.VecVirtual {
			VSUBPS(shift, x, x)
			return exp(x)
		})
}
