// Command _asm writes the assembly of package kernel with avo, a group of loops to a
// file:
//
//	go -C _asm run . -group gemm -out ../zgemm_amd64.s -stubs ../zgemm_amd64.go -pkg kernel
//
// It is a module of its own so that users of Ember never download avo.
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// groups are the files that there are, by name.
var groups = map[string]func(){
	"gemm":      gemm,
	"conv":      conv,
	"depthwise": depthwise,
	"element":   element,
	"math":      functions,
	"norm":      norms,
	"optimize":  optimizers,
}

func main() {
	name := flag.String("group", "", "the loops to write")
	flag.Parse()
	write, ok := groups[*name]
	if !ok {
		log.Fatalf("there is no group %q", *name)
	}
	ConstraintExpr("!purego")
	write()
	Generate()
}

// gemm is the matrix product: its tiles, and what packs their operands.
func gemm() {
	for _, e := range []float{single, double} {
		for vectors := 1; vectors <= 2; vectors++ {
			for rows := 1; rows <= 6; rows++ {
				avx2(e, rows, vectors, false)
			}
			for rows := 1; rows <= 14; rows++ {
				avx512(e, rows, vectors)
			}
		}
		for rows := 4; rows <= 6; rows++ {
			avx2(e, rows, 2, true)
		}
	}
	for vectors := 1; vectors <= 2; vectors++ {
		for rows := 1; rows <= 6; rows++ {
			avx2(pair, rows, vectors, false)
		}
	}
	transpose()
	copyRows()
	dots(1)
	dots(4)
	scaledRows(1)
	scaledRows(8)
	limit("AVX2", 256)
	limit("AVX512", 512)
	cpuid()
}

// conv is the convolution, its tiles and its copying, and what goes with it.
func conv() {
	unroll(false)
	unroll(true)
	convolutions()
	planes()
}

// element is the loops over elements that need no approximation.
func element() {
	arithmetic()
	piecewise()
	sums()
	columnReductions()
	runs()
	comparisons()
	halves()
	stream()
	philox()
}

// gpr narrows a loaded parameter to a register of 64 bits.
func gpr(r reg.Register) reg.GPVirtual { return r.(reg.GPVirtual) }
