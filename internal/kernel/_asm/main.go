// Command _asm writes the assembly of package kernel with avo:
//
//	go -C _asm run . -out ../zgemm_amd64.s -stubs ../zgemm_amd64.go -pkg kernel
//
// It is a module of its own so that users of Ember never download avo.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	for rows := 1; rows <= 6; rows++ {
		for vectors := 1; vectors <= 2; vectors++ {
			avx2(rows, vectors)
		}
	}
	for rows := 1; rows <= 14; rows++ {
		for vectors := 1; vectors <= 2; vectors++ {
			avx512(rows, vectors)
		}
	}
	unroll(false)
	unroll(true)
	arithmetic()
	exponentials()
	optimizers()
	sums()
	transpose()
	copyRows()
	comparisons()
	Generate()
}

// gpr narrows a loaded parameter to a register of 64 bits.
func gpr(r reg.Register) reg.GPVirtual { return r.(reg.GPVirtual) }
