package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// float is a type of numbers and its instructions.
type float struct {
	goType, suffix string // suffix of functions' names
	size           int    // bytes
	broadcast      func(ops ...Op)
	fma            func(x, y, spare, sum Op) // may leave anything in spare, which may be y
	add            func(x, y, to Op)
	maskedLoad     func(from, mask, to Op)
}

var (
	single = float{
		goType: "float32", size: 4, broadcast: VBROADCASTSS,
		fma: func(x, y, _, sum Op) { VFMADD231PS(x, y, sum) }, add: func(x, y, to Op) { VADDPS(x, y, to) },
		maskedLoad: VMASKMOVPS,
	}
	double = float{
		goType: "float64", suffix: "F64", size: 8, broadcast: VBROADCASTSD,
		fma: func(x, y, _, sum Op) { VFMADD231PD(x, y, sum) }, add: func(x, y, to Op) { VADDPD(x, y, to) },
		maskedLoad: VMASKMOVPD,
	}
	// pair is two int16, whose products are added to an int32.
	pair = float{
		goType: "int32", suffix: "Pair", size: 4, broadcast: func(ops ...Op) { VPBROADCASTD(ops[0], ops[1]) },
		fma: func(x, y, spare, sum Op) {
			VPMADDWD(x, y, spare)
			VPADDD(spare, sum, sum)
		},
		add:        func(x, y, to Op) { VPADDD(x, y, to) },
		maskedLoad: func(from, mask, to Op) { VPMASKMOVD(from, mask, to) },
	}
)

// products says what fma does.
func (e *float) products() string {
	if e.goType == "int32" {
		return "fma(x, y, sum) = sum + x.low*y.low + x.high*y.high"
	}
	return "fused multiply-add"
}

// tileLoop is the part of a tile that all processors share.
type tileLoop struct {
	float
	rows, vectors, width int // width of a vector in bytes
	sum                  [][]reg.VecVirtual
	va, vb               []reg.VecVirtual
	c                    reg.GPVirtual
}

// tile writes a function that computes tiles one under another. registers says
// which vectors, begin runs first, and store leaves one tile's sums at c, from
// which on its rows are ldc apart. A packing tile stores the rows of b, too.
func tile(variant string, e float, rows, vectors, width int, packing bool, vector func() reg.VecVirtual, zero func(reg.VecVirtual), begin func(), store func(*tileLoop)) {
	cols := vectors * width / e.size
	kind, more := "tile", ""
	doc := []string{
		fmt.Sprintf("computes count ≥ 1 blocks of %d rows and %d < n ≤ %d columns of a product,", rows, cols-width/e.size, cols),
		"one under another, for strides in bytes and k ≥ 1, with " + e.products() + ":",
		"",
		"	sum = 0",
		"	for p < k: sum = fma(a[i*rsa + p*csa], b[p*ldb + j], sum)",
		"	c[i*ldc + j] = add ? c[i*ldc + j] + sum : sum",
		"",
		"and so on with a[step:], c[rows*ldc:].",
		fmt.Sprintf("%d elements of each row of b are read. a and b must not overlap c.", cols),
	}
	if packing {
		kind, more = "packingTile", ", packed *"+e.goType
		doc = append(doc, "They are stored in packed, one row after the other.")
	}
	name := fmt.Sprintf("%s%s%sx%dx%d", kind, variant, e.suffix, rows, cols)
	doc[0] = name + " " + doc[0]
	TEXT(name, NOSPLIT, fmt.Sprintf("func(k int, a *%[1]s, rsa, csa int, b *%[1]s, ldb int, c *%[1]s, ldc, n int, add bool, count, step int%[2]s)", e.goType, more))
	Pragma("noescape")
	Doc(doc...)
	t := &tileLoop{float: e, rows: rows, vectors: vectors, width: width}
	a := gpr(Load(Param("a"), GP64()))
	rsa := gpr(Load(Param("rsa"), GP64()))
	csa := gpr(Load(Param("csa"), GP64()))
	ldb := gpr(Load(Param("ldb"), GP64()))
	t.c = gpr(Load(Param("c"), GP64()))
	count := gpr(Load(Param("count"), GP64()))
	for range rows {
		var row []reg.VecVirtual
		for range vectors {
			row = append(row, vector())
		}
		t.sum = append(t.sum, row)
	}
	t.vb = []reg.VecVirtual{vector(), vector()}
	t.va = []reg.VecVirtual{vector(), vector()}
	p := pointRows(rsa, rows)
	if begin != nil {
		begin()
	}

	Label("tile")
	t.prefetch()
	p.start(a)
	b := gpr(Load(Param("b"), GP64()))
	k := gpr(Load(Param("k"), GP64()))
	var packed reg.GPVirtual
	if packing {
		packed = gpr(Load(Param("packed"), GP64()))
	}
	for _, row := range t.sum {
		for _, s := range row {
			zero(s)
		}
	}
	Label("loop")
	for v := range vectors {
		VMOVUPS(Mem{Base: b, Disp: width * v}, t.vb[v])
		if packing {
			VMOVUPS(t.vb[v], Mem{Base: packed, Disp: width * v})
		}
	}
	if packing {
		PREFETCHT0(Mem{Base: b, Disp: vectors * width}) // of the panel to the right, mostly the next
		ADDQ(Imm(uint64(vectors*width)), packed)
	}
	for i := range rows {
		x, spare := t.va[i%2], t.va[(i+1)%2]
		e.broadcast(p.row(i), x)
		for v := range vectors {
			if v == vectors-1 {
				spare = x // no longer needed
			}
			e.fma(t.vb[v], x, spare, t.sum[i][v])
		}
	}
	p.step(csa)
	ADDQ(ldb, b)
	DECQ(k)
	JNE(LabelRef("loop"))

	store(t)
	Label("next")
	step := gpr(Load(Param("step"), GP64()))
	ADDQ(step, a)
	DECQ(count)
	JNE(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// prefetch asks for the rows of C that the sums will be added to: they may come
// from memory while the sums are made.
func (t *tileLoop) prefetch() {
	add := Load(Param("add"), GP8())
	TESTB(add, add)
	JE(LabelRef("fetched"))
	ldc, at := gpr(Load(Param("ldc"), GP64())), GP64()
	MOVQ(t.c, at)
	for i := range t.rows {
		for v := 0; v < t.vectors*t.width; v += 64 {
			PREFETCHT0(Mem{Base: at, Disp: v})
		}
		PREFETCHT0(Mem{Base: at, Disp: t.vectors*t.width - 1})
		if i < t.rows-1 {
			ADDQ(ldc, at)
		}
	}
	Label("fetched")
}

// rowPointers addresses up to 15 rows of A from three pointers that step
// together.
type rowPointers struct {
	base        []reg.GPVirtual
	stride, by3 reg.GPVirtual
}

const rowsPerPointer = 5

func pointRows(rsa reg.GPVirtual, rows int) rowPointers {
	p := rowPointers{stride: rsa}
	if rows > 3 {
		p.by3 = GP64()
		LEAQ(Mem{Base: rsa, Index: rsa, Scale: 2}, p.by3)
	}
	for i := 0; i < rows; i += rowsPerPointer {
		p.base = append(p.base, GP64())
	}
	return p
}

// start points to the first column of the rows at a.
func (p rowPointers) start(a reg.GPVirtual) {
	MOVQ(a, p.base[0])
	for i, next := range p.base[1:] {
		last := p.base[i]
		LEAQ(Mem{Base: last, Index: p.stride, Scale: 4}, next)
		ADDQ(p.stride, next)
	}
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
