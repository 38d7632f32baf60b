package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// signature is what all tiles share. Strides are in bytes.
const signature = "func(k int, a *float32, rsa, csa int, b *float32, ldb int, c *float32, ldc, n int, add bool)"

// begin declares a tile and says what it equals.
func begin(variant string, rows, vectors, lanes int) {
	TEXT(fmt.Sprintf("tile%sx%dx%d", variant, rows, vectors*lanes), NOSPLIT, signature)
	Pragma("noescape")
	Doc(
		fmt.Sprintf("tile%sx%dx%d computes a block of %d rows and %d < n ≤ %d columns of a product,", variant, rows, vectors*lanes, rows, (vectors-1)*lanes, vectors*lanes),
		"for strides in bytes and k ≥ 1, with fused multiply-add:",
		"",
		"	sum = 0",
		"	for p < k: sum = fma(a[i*rsa + p*csa], b[p*ldb + j], sum)",
		"	c[i*ldc + j] = add ? c[i*ldc + j] + sum : sum",
		"",
		fmt.Sprintf("%d elements of each row of b are read. a and b must not overlap c.", vectors*lanes),
	)
}

// rows addresses up to 15 rows of A from three pointers that step together.
type rowPointers struct {
	base        []reg.GPVirtual
	stride, by3 reg.GPVirtual
}

const rowsPerPointer = 5

func pointRows(a, rsa reg.GPVirtual, rows int) rowPointers {
	p := rowPointers{base: []reg.GPVirtual{a}, stride: rsa}
	if rows > 3 {
		p.by3 = GP64()
		LEAQ(Mem{Base: rsa, Index: rsa, Scale: 2}, p.by3)
	}
	for i := rowsPerPointer; i < rows; i += rowsPerPointer {
		last := p.base[len(p.base)-1]
		next := GP64()
		LEAQ(Mem{Base: last, Index: rsa, Scale: 4}, next)
		ADDQ(rsa, next)
		p.base = append(p.base, next)
	}
	return p
}

// row returns the address of row i.
func (p rowPointers) row(i int) Mem {
	base := p.base[i/rowsPerPointer]
	switch i % rowsPerPointer {
	case 0:
		return Mem{Base: base}
	case 3:
		return Mem{Base: base, Index: p.by3, Scale: 1}
	default: // 1, 2, 4
		return Mem{Base: base, Index: p.stride, Scale: uint8(i % rowsPerPointer)}
	}
}

// step moves all rows on by one column.
func (p rowPointers) step(csa reg.GPVirtual) {
	for _, b := range p.base {
		ADDQ(csa, b)
	}
}
