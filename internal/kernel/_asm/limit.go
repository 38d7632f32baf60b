package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// limitSums is the number of independent sums of a limit loop: the latency of a
// fused multiply-add times how many start in a cycle, or more.
const limitSums = 12

// limit writes the loop that measures how many fused multiply-adds a core can
// do: it touches registers only.
func limit(variant string, bits int) {
	vector := func() reg.VecVirtual {
		if bits == 512 {
			return ZMM()
		}
		return YMM()
	}
	TEXT("limit"+variant, NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("limit%s runs n ≥ 1 rounds of %d fused multiply-adds of vectors of %d bits, all in registers.", variant, limitSums, bits))
	n := gpr(Load(Param("n"), GP64()))
	x, y := vector(), vector()
	zero := func(v reg.VecVirtual) {
		if bits == 512 {
			VPXORD(v, v, v)
		} else {
			VXORPS(v, v, v)
		}
	}
	zero(x)
	zero(y)
	sums := make([]reg.VecVirtual, limitSums)
	for i := range sums {
		sums[i] = vector()
		zero(sums[i])
	}
	Label("loop")
	for _, s := range sums {
		VFMADD231PS(x, y, s)
	}
	DECQ(n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
