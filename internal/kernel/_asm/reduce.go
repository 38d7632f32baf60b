package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// across combines the lanes of a vector in pairs: 0 with 4, 1 with 5, 2 with 6,
// 3 with 7; of these 0 with 2 and 1 with 3; then the last two. The result is in
// the first lane.
func across(v reg.VecVirtual, f func(b, a, dst Op)) reg.VecVirtual {
	high := XMM()
	x := v.AsX()
	VEXTRACTF128(Imm(1), v, high)
	f(high, x, high)
	low := XMM()
	VMOVHLPS(high, high, low)
	f(low, high, high)
	VMOVSHDUP(high, low)
	f(low, high, high)
	return high.(reg.VecVirtual)
}

func add(b, a, dst Op) { VADDPS(b, a, dst) }

// zeros is a sum in so many vectors of lanes, a power of two.
func zeros(vectors int) []reg.VecVirtual {
	acc := make([]reg.VecVirtual, vectors)
	for i := range acc {
		acc[i] = YMM()
		VXORPS(acc[i], acc[i], acc[i])
	}
	return acc
}

// joined adds up the lanes.
func joined(acc []reg.VecVirtual) reg.VecVirtual {
	for n := len(acc) / 2; n > 0; n /= 2 {
		for i := range n {
			VADDPS(acc[i+n], acc[i], acc[i])
		}
	}
	return across(acc[0], add)
}

// sums writes the sum of a run, and those of blocks of 256 elements.
func sums() {
	table := maskTable()
	TEXT("sumAVX2", NOSPLIT, "func(src *float32, n int) float32")
	Pragma("noescape")
	Doc("sumAVX2 is the sum of n elements in 32 interleaved lanes.")
	src := gpr(Load(Param("src"), GP64()))
	n := gpr(Load(Param("n"), GP64()))
	acc := zeros(4)
	SUBQ(Imm(32), n)
	JL(LabelRef("rest"))
	Label("block")
	for i, a := range acc {
		VADDPS(Mem{Base: src, Disp: 32 * i}, a, a)
	}
	ADDQ(Imm(128), src)
	SUBQ(Imm(32), n)
	JGE(LabelRef("block"))
	Label("rest")
	ADDQ(Imm(32), n)
	JE(LabelRef("done"))
	masks, m, zero, eight := GP64(), GP64(), GP64(), GP64()
	LEAQ(table, masks)
	XORQ(zero, zero)
	MOVQ(U32(8), eight)
	for i, a := range acc {
		// so many lanes as there are, from 0 to 8
		v, mask := YMM(), YMM()
		MOVQ(n, m)
		SUBQ(Imm(uint64(8*i)), m)
		CMOVQLT(zero, m)
		CMPQ(m, Imm(8))
		CMOVQGT(eight, m)
		NEGQ(m)
		VMOVUPS(Mem{Base: masks, Index: m, Scale: 4, Disp: 64}, mask)
		VMASKMOVPS(Mem{Base: src, Disp: 32 * i}, mask, v)
		VADDPS(v, a, a)
	}
	Label("done")
	s := joined(acc)
	VZEROUPPER()
	Store(s.AsX(), ReturnIndex(0))
	RET()

	TEXT("sumBlocksAVX2", NOSPLIT, "func(dst, src *float32, n int)")
	Pragma("noescape")
	Doc("sumBlocksAVX2 computes the sums of n blocks of 256 elements, for n at least 1, each as sumAVX2 does.")
	dst := gpr(Load(Param("dst"), GP64()))
	src = gpr(Load(Param("src"), GP64()))
	n = gpr(Load(Param("n"), GP64()))
	left := GP64()
	Label("next")
	acc = zeros(4)
	MOVQ(U32(4), left)
	Label("run")
	for i := range 8 {
		a := acc[i%4]
		VADDPS(Mem{Base: src, Disp: 32 * i}, a, a)
	}
	ADDQ(U32(256), src)
	DECQ(left)
	JNE(LabelRef("run"))
	s = joined(acc)
	VMOVSS(s.AsX(), Mem{Base: dst})
	ADDQ(Imm(4), dst)
	DECQ(n)
	JNE(LabelRef("next"))
	VZEROUPPER()
	RET()
}

// columnReductions writes reductions of rows to one row, in the order of the rows.
func columnReductions() {
	extreme := func(f, join func(b, a, dst Op)) func(acc, x reg.VecVirtual) {
		g := extremum(f, join)
		return func(acc, x reg.VecVirtual) { VMOVAPS(g(acc, x), acc) }
	}
	for _, r := range []struct {
		name, sign string
		vectors    int
		identity   uint32
		f          func(acc, x reg.VecVirtual)
	}{
		{"Sum", "sum", 8, 0, func(acc, x reg.VecVirtual) { VADDPS(x, acc, acc) }},
		{"Max", "greatest", 4, 0xff800000, extreme(
			func(b, a, dst Op) { VMAXPS(b, a, dst) }, func(b, a, dst Op) { VANDPS(b, a, dst) })},
		{"Min", "least", 4, 0x7f800000, extreme(
			func(b, a, dst Op) { VMINPS(b, a, dst) }, func(b, a, dst Op) { VORPS(b, a, dst) })},
	} {
		table := maskTable()
		TEXT("columns"+r.name+"AVX2", NOSPLIT, "func(dst, src *float32, rows, n int)")
		Pragma("noescape")
		Doc(fmt.Sprintf("columns%sAVX2 computes, for i < n and rows and n at least 1:", r.name), "",
			fmt.Sprintf("	dst[i] = the %s of src[r*n + i] over r < rows", r.sign), "",
			"dst and src do not overlap.")
		dst := gpr(Load(Param("dst"), GP64()))
		src := gpr(Load(Param("src"), GP64()))
		rows := gpr(Load(Param("rows"), GP64()))
		n := gpr(Load(Param("n"), GP64()))
		at, left, from, step := GP64(), GP64(), GP64(), GP64()
		XORQ(at, at)
		LEAQ(Mem{Base: n, Index: n, Scale: 1}, step)
		ADDQ(step, step)
		pass := func(label string, vectors int, read func(v int) reg.VecVirtual) []reg.VecVirtual {
			LEAQ(Mem{Base: src, Index: at, Scale: 4}, from)
			MOVQ(rows, left)
			acc := make([]reg.VecVirtual, vectors)
			for v := range acc {
				acc[v] = YMM()
				VMOVUPS(bits(r.identity), acc[v])
			}
			Label(label)
			for v := range acc {
				r.f(acc[v], read(v))
			}
			ADDQ(step, from)
			DECQ(left)
			JNE(LabelRef(label))
			return acc
		}
		whole := func(v int) reg.VecVirtual {
			x := YMM()
			VMOVUPS(Mem{Base: from, Disp: 32 * v}, x)
			return x
		}
		end := GP64()
		Label("wide")
		LEAQ(Mem{Base: at, Disp: 8 * r.vectors}, end)
		CMPQ(end, n)
		JG(LabelRef("narrow"))
		for v, a := range pass("wideRow", r.vectors, whole) {
			VMOVUPS(a, Mem{Base: dst, Index: at, Scale: 4, Disp: 32 * v})
		}
		MOVQ(end, at)
		JMP(LabelRef("wide"))

		// Single vectors; the last one ends at the end.
		Label("narrow")
		CMPQ(at, n)
		JE(LabelRef("done"))
		CMPQ(n, Imm(8))
		JL(LabelRef("few"))
		LEAQ(Mem{Base: n, Disp: -8}, end)
		CMPQ(at, end)
		CMOVQGT(end, at)
		a := pass("row", 1, whole)[0]
		VMOVUPS(a, Mem{Base: dst, Index: at, Scale: 4})
		ADDQ(Imm(8), at)
		JMP(LabelRef("narrow"))

		Label("few")
		stash, masks, mask := AllocLocal(32), GP64(), YMM()
		LEAQ(table, masks)
		NEGQ(n)
		VMOVUPS(Mem{Base: masks, Index: n, Scale: 4, Disp: 64}, mask)
		NEGQ(n)
		a = pass("fewRow", 1, func(int) reg.VecVirtual {
			x := YMM()
			VMASKMOVPS(Mem{Base: from}, mask, x)
			return x
		})[0]
		VMOVUPS(a, stash)
		LEAQ(stash, from)
		storeFew("", dst, from, n)
		Label("done")
		VZEROUPPER()
		RET()
	}
}

// runs writes the greatest and the least of a run.
func runs() {
	for _, r := range []struct {
		name    string
		f, join func(b, a, dst Op)
	}{
		{"max", func(b, a, dst Op) { VMAXPS(b, a, dst) }, func(b, a, dst Op) { VANDPS(b, a, dst) }},
		{"min", func(b, a, dst Op) { VMINPS(b, a, dst) }, func(b, a, dst Op) { VORPS(b, a, dst) }},
	} {
		TEXT(r.name+"RunAVX2", NOSPLIT, "func(src *float32, n int) float32")
		Pragma("noescape")
		Doc(r.name + "RunAVX2 is the " + r.name + "imum of n elements, NaN if there is one, for n at least 8.")
		src := gpr(Load(Param("src"), GP64()))
		n := gpr(Load(Param("n"), GP64()))
		at, end := GP64(), GP64()
		f := extremum(r.f, r.join)
		acc := []reg.VecVirtual{YMM(), YMM()}
		VMOVUPS(Mem{Base: src}, acc[0])
		VMOVAPS(acc[0], acc[1])
		XORQ(at, at)
		LEAQ(Mem{Base: n, Disp: -16}, end)
		CMPQ(at, end)
		JG(LabelRef("rest"))
		Label("block")
		for i, a := range acc {
			x := YMM()
			VMOVUPS(Mem{Base: src, Index: at, Scale: 4, Disp: 32 * i}, x)
			VMOVAPS(f(a, x), a)
		}
		ADDQ(Imm(16), at)
		CMPQ(at, end)
		JLE(LabelRef("block"))
		Label("rest") // fewer than 16: the two vectors that end at the end
		first := GP64()
		XORQ(first, first)
		CMPQ(end, first)
		CMOVQLT(first, end)
		x := YMM()
		VMOVUPS(Mem{Base: src, Index: end, Scale: 4}, x)
		VMOVAPS(f(acc[0], x), acc[0])
		VMOVUPS(Mem{Base: src, Index: n, Scale: 4, Disp: -32}, x)
		VMOVAPS(f(acc[1], x), acc[1])
		y := f(acc[0], acc[1])
		pair := func(b, a, dst Op) {
			g, h, nan := XMM(), XMM(), XMM()
			r.f(b, a, g)
			r.f(a, b, h)
			VCMPPS(Imm(unordered), a, b, nan)
			r.join(h, g, dst)
			VORPS(nan, dst, dst)
		}
		s := across(y, pair)
		VZEROUPPER()
		Store(s.AsX(), ReturnIndex(0))
		RET()
	}
}
