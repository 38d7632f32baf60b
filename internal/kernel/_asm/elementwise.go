package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// loop is a loop over vectors of 8 elements.
type loop struct {
	name    string
	params  string   // the signature before n
	in, out []string // the pointers that are read, and those written with what body returns
	doc     string
	unroll  int    // how many vectors the loop takes at a time where there are so many
	prepare func() // loads what stays in registers
	body    func(x []reg.VecVirtual) []reg.VecVirtual
}

// write writes the loop. The last elements, where there are fewer than 8, are
// computed first, while all operands still hold what they did: as the vector
// that ends at the end, or with fewer than 8 elements in all behind a mask.
// They wait on the stack for the others, since AMD's masked stores are slow.
func (l loop) write() {
	table := maskTable()
	TEXT(l.name, NOSPLIT, fmt.Sprintf("func(%s, n int)", l.params))
	Pragma("noescape")
	Doc(l.name+" computes, for i < n:", "", "\t"+l.doc, "", "Operands may be the same slice, and n may be 0.")
	pointer := map[string]reg.GPVirtual{}
	for _, p := range append(append([]string{}, l.in...), l.out...) {
		if pointer[p] == nil {
			pointer[p] = gpr(Load(Param(p), GP64()))
		}
	}
	if l.prepare != nil {
		l.prepare()
	}
	n := gpr(Load(Param("n"), GP64()))
	stash := make([]Mem, len(l.out))
	for i := range stash {
		stash[i] = AllocLocal(32)
	}
	last := GP64() // where the last vector begins

	TESTQ(U32(7), n)
	JE(LabelRef("vectors"))
	m, mask := GP64(), YMM()
	MOVQ(n, m)
	MOVQ(U32(8), last)
	CMPQ(n, Imm(8))
	CMOVQGT(last, m)
	MOVQ(n, last)
	SUBQ(m, last)
	masks := GP64()
	LEAQ(table, masks)
	NEGQ(m)
	VMOVUPS(Mem{Base: masks, Index: m, Scale: 4, Disp: 64}, mask)
	var x []reg.VecVirtual
	for _, p := range l.in {
		v := YMM()
		VMASKMOVPS(Mem{Base: pointer[p], Index: last, Scale: 4}, mask, v)
		x = append(x, v)
	}
	for i, v := range l.body(x) {
		VMOVUPS(v, stash[i])
	}

	Label("vectors")
	at, left := GP64(), GP64()
	XORQ(at, at)
	MOVQ(n, left)
	block := func(label, next string, vectors int) {
		SUBQ(Imm(uint64(8*vectors)), left)
		JL(LabelRef(next))
		Label(label)
		for v := range vectors {
			var x []reg.VecVirtual
			for _, p := range l.in {
				y := YMM()
				VMOVUPS(Mem{Base: pointer[p], Index: at, Scale: 4, Disp: 32 * v}, y)
				x = append(x, y)
			}
			for i, y := range l.body(x) {
				VMOVUPS(y, Mem{Base: pointer[l.out[i]], Index: at, Scale: 4, Disp: 32 * v})
			}
		}
		ADDQ(Imm(uint64(8*vectors)), at)
		SUBQ(Imm(uint64(8*vectors)), left)
		JGE(LabelRef(label))
		Label(next)
		ADDQ(Imm(uint64(8*vectors)), left)
	}
	if l.unroll > 1 {
		block("blocks", "single", l.unroll)
	}
	block("vector", "rest", 1)

	JE(LabelRef("done"))
	CMPQ(n, Imm(8))
	JL(LabelRef("few"))
	for i, p := range l.out {
		v := YMM()
		VMOVUPS(stash[i], v)
		VMOVUPS(v, Mem{Base: pointer[p], Index: last, Scale: 4})
	}
	Label("done")
	VZEROUPPER()
	RET()

	Label("few")
	from := GP64()
	for i, p := range l.out {
		LEAQ(stash[i], from)
		storeFew(fmt.Sprint(i), pointer[p], from, n)
	}
	VZEROUPPER()
	RET()
}

// storeFew copies fewer than 8 elements; it moves both pointers.
func storeFew(label string, to, from, n reg.GPVirtual) {
	for _, size := range []int{4, 2, 1} {
		skip := fmt.Sprintf("skip%s_%d", label, size)
		TESTQ(U32(uint32(size)), n)
		JE(LabelRef(skip))
		switch v, w := XMM(), GP64(); size {
		case 4:
			VMOVUPS(Mem{Base: from}, v)
			VMOVUPS(v, Mem{Base: to})
		case 2:
			MOVQ(Mem{Base: from}, w)
			MOVQ(w, Mem{Base: to})
		case 1:
			MOVL(Mem{Base: from}, w.As32())
			MOVL(w.As32(), Mem{Base: to})
		}
		ADDQ(Imm(uint64(4*size)), from)
		ADDQ(Imm(uint64(4*size)), to)
		Label(skip)
	}
}

// one is the result of a body with a single output.
func one(v reg.VecVirtual) []reg.VecVirtual { return []reg.VecVirtual{v} }

// unary writes a loop of a function of one value with so many numbers as
// parameters, which it finds in p.
func unary(name, doc string, unroll int, params []string, body func(x reg.VecVirtual, p []reg.VecVirtual) reg.VecVirtual) {
	p := make([]reg.VecVirtual, len(params))
	signature := "dst, src *float32"
	for _, q := range params {
		signature += ", " + q + " float32"
	}
	loop{
		name: name + "AVX2", params: signature, in: []string{"src"}, out: []string{"dst"}, doc: doc, unroll: unroll,
		prepare: func() {
			for i, q := range params {
				p[i] = YMM()
				VBROADCASTSS(param(q), p[i])
			}
		},
		body: func(x []reg.VecVirtual) []reg.VecVirtual { return one(body(x[0], p)) },
	}.write()
}

// binary writes a loop of a function of two values: of two rows, of a row and
// a number and, unless it commutes, of a number and a row.
func binary(name, doc string, commutes bool, f func(a, b reg.VecVirtual) reg.VecVirtual) {
	loop{
		name: name + "AVX2", params: "dst, a, b *float32", in: []string{"a", "b"}, out: []string{"dst"},
		doc: fmt.Sprintf(doc, "a[i]", "b[i]"), unroll: 4,
		body: func(x []reg.VecVirtual) []reg.VecVirtual { return one(f(x[0], x[1])) },
	}.write()
	value := YMM()
	load := func() { VBROADCASTSS(param("y"), value) }
	loop{
		name: name + "ValueAVX2", params: "dst, a *float32, y float32", in: []string{"a"}, out: []string{"dst"},
		doc: fmt.Sprintf(doc, "a[i]", "y"), unroll: 4, prepare: load,
		body: func(x []reg.VecVirtual) []reg.VecVirtual { return one(f(x[0], value)) },
	}.write()
	if commutes {
		return
	}
	loop{
		name: name + "FromAVX2", params: "dst, a *float32, y float32", in: []string{"a"}, out: []string{"dst"},
		doc: fmt.Sprintf(doc, "y", "a[i]"), unroll: 4, prepare: load,
		body: func(x []reg.VecVirtual) []reg.VecVirtual { return one(f(value, x[0])) },
	}.write()
}

// arithmetic writes the four operations and the extrema.
func arithmetic() {
	into := func(f func(b, a, dst Op)) func(a, b reg.VecVirtual) reg.VecVirtual {
		return func(a, b reg.VecVirtual) reg.VecVirtual {
			y := YMM()
			f(b, a, y)
			return y
		}
	}
	binary("add", "dst[i] = %s + %s", true, into(func(b, a, dst Op) { VADDPS(b, a, dst) }))
	binary("sub", "dst[i] = %s - %s", false, into(func(b, a, dst Op) { VSUBPS(b, a, dst) }))
	binary("mul", "dst[i] = %s * %s", true, into(func(b, a, dst Op) { VMULPS(b, a, dst) }))
	binary("div", "dst[i] = %s / %s", false, into(func(b, a, dst Op) { VDIVPS(b, a, dst) }))
	binary("max", "dst[i] = max(%s, %s)", true, extremum(
		func(b, a, dst Op) { VMAXPS(b, a, dst) }, func(b, a, dst Op) { VANDPS(b, a, dst) }))
	binary("min", "dst[i] = min(%s, %s)", true, extremum(
		func(b, a, dst Op) { VMINPS(b, a, dst) }, func(b, a, dst Op) { VORPS(b, a, dst) }))
	scale := YMM()
	loop{
		name: "addScaledAVX2", params: "dst *float32, scale float32, src *float32", in: []string{"dst", "src"}, out: []string{"dst"},
		doc: "dst[i] += scale*src[i], in two roundings", unroll: 4,
		prepare: func() { VBROADCASTSS(param("scale"), scale) },
		body: func(x []reg.VecVirtual) []reg.VecVirtual {
			VMULPS(scale, x[1], x[1])
			VADDPS(x[1], x[0], x[0])
			return one(x[0])
		},
	}.write()
}

// extremum is the greater or the lesser of two values, as Go defines it. The
// instruction gives its second operand where the two are equal or one is NaN:
// both orders together give zeros their sign, and NaN is all ones.
func extremum(f, join func(b, a, dst Op)) func(a, b reg.VecVirtual) reg.VecVirtual {
	return func(a, b reg.VecVirtual) reg.VecVirtual {
		y, z, nan := YMM(), YMM(), YMM()
		f(b, a, y)
		f(a, b, z)
		join(z, y, y)
		VCMPPS(Imm(unordered), a, b, nan)
		VORPS(nan, y, y)
		return y
	}
}

// piecewise writes the functions that need no approximation.
func piecewise() {
	type vec = reg.VecVirtual
	unary("neg", "dst[i] = -src[i]", 4, nil, func(x vec, _ []vec) vec {
		VXORPS(bits(signBit), x, x)
		return x
	})
	unary("abs", "dst[i] = |src[i]|", 4, nil, func(x vec, _ []vec) vec {
		VANDPS(bits(rest), x, x)
		return x
	})
	unary("square", "dst[i] = src[i]*src[i]", 4, nil, func(x vec, _ []vec) vec {
		VMULPS(x, x, x)
		return x
	})
	unary("sqrt", "dst[i] = √src[i]", 1, nil, func(x vec, _ []vec) vec {
		VSQRTPS(x, x)
		return x
	})
	unary("reciprocal", "dst[i] = 1/src[i]", 1, nil, func(x vec, _ []vec) vec {
		y := load(1)
		VDIVPS(x, y, y)
		return y
	})
	unary("relu", "dst[i] = src[i] < 0 ? 0 : src[i]", 4, nil, func(x vec, _ []vec) vec {
		zero := YMM()
		VXORPS(zero, zero, zero)
		VMAXPS(x, zero, x) // the second operand of equal or unordered ones: x
		return x
	})
	unary("leakyRelu", "dst[i] = src[i] < 0 ? alpha*src[i] : src[i]", 4, []string{"alpha"}, func(x vec, p []vec) vec {
		y, negative := YMM(), YMM()
		VXORPS(y, y, y)
		VCMPPS(Imm(lessThan), y, x, negative)
		VMULPS(p[0], x, y)
		VBLENDVPS(negative, y, x, x)
		return x
	})
	unary("clip", "dst[i] = src[i], not below alpha and not above beta", 4, []string{"alpha", "beta"}, func(x vec, p []vec) vec {
		VMAXPS(x, p[0], x)
		VMINPS(x, p[1], x)
		return x
	})
	unary("hardSigmoid", "dst[i] = max(0, min(1, alpha*src[i] + beta))", 4, []string{"alpha", "beta"}, func(x vec, p []vec) vec {
		zero := YMM()
		VXORPS(zero, zero, zero)
		VMULPS(p[0], x, x)
		VADDPS(p[1], x, x)
		VMINPS(x, load(1), x)
		VMAXPS(x, zero, x)
		VADDPS(zero, x, x) // 0 for -0
		return x
	})
	unary("softsign", "dst[i] = src[i]/(1 + |src[i]|)", 1, nil, func(x vec, _ []vec) vec {
		y := YMM()
		VANDPS(bits(rest), x, y)
		VADDPS(number(1), y, y)
		VDIVPS(y, x, x)
		return x
	})
	for _, r := range []struct {
		name string
		mode uint64
	}{{"floor", 9}, {"ceil", 10}, {"round", 8}} {
		unary(r.name, "dst[i] = "+r.name+"(src[i])", 4, nil, func(x vec, _ []vec) vec {
			VROUNDPS(Imm(r.mode), x, x)
			return x
		})
	}
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

// load is a constant in a register.
func load(x float64) reg.VecVirtual {
	v := YMM()
	VMOVUPS(number(x), v)
	return v
}
