//go:build amd64 && !purego

package kernel

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// emulator runs the functions of zgemm_amd64.s that use AVX-512, instruction
// by instruction, so that they are tested on processors without it. It knows
// the instructions that the tiles use and panics at any other, and at any
// access outside their operands.
type emulator struct {
	program map[string]*program
	general map[string]int64
	vector  map[string][16]float32
	mask    map[string]uint16
	memory  [3][]float32 // region i begins at address (i+1)<<40
	zero    bool         // flags of the last instruction that sets them
}

// program is the body of one function.
type program struct {
	code   [][]string // opcode and operands
	labels map[string]int
}

// newEmulator reads the assembly.
func newEmulator(t *testing.T) *emulator {
	t.Helper()
	text, err := os.ReadFile("zgemm_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	e := &emulator{program: map[string]*program{}}
	var p *program
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "//")
		opcode, operands, _ := strings.Cut(line, " ")
		switch {
		case opcode == "TEXT":
			name, _, _ := strings.Cut(strings.TrimPrefix(operands, "·"), "(")
			p = &program{labels: map[string]int{}}
			e.program[name] = p
		case p == nil || opcode == "":
		case strings.HasSuffix(opcode, ":"):
			p.labels[strings.TrimSuffix(opcode, ":")] = len(p.code)
		default:
			instruction := []string{opcode}
			for o := range strings.SplitSeq(operands, ",") {
				if o = strings.TrimSpace(o); o != "" {
					instruction = append(instruction, o)
				}
			}
			p.code = append(p.code, instruction)
		}
	}
	return e
}

// tile returns tile.run as the emulated AVX-512 functions.
func (e *emulator) tile(count, m, n, k int, a []float32, step, rsa, csa int, b []float32, ldb int, c []float32, ldc int, add bool) {
	cols := 32
	if n <= 16 {
		cols = 16
	}
	e.memory = [3][]float32{a, b, c}
	e.general = map[string]int64{
		"k+0(FP)": int64(k), "rsa+16(FP)": int64(4 * rsa), "csa+24(FP)": int64(4 * csa),
		"ldb+40(FP)": int64(4 * ldb), "ldc+56(FP)": int64(4 * ldc), "n+64(FP)": int64(n),
		"a+8(FP)": 1 << 40, "b+32(FP)": 2 << 40, "c+48(FP)": 3 << 40, "add+72(FP)": 0,
		"count+80(FP)": int64(count), "step+88(FP)": int64(4 * step),
	}
	if add {
		e.general["add+72(FP)"] = 1
	}
	e.vector, e.mask = map[string][16]float32{}, map[string]uint16{}
	e.run(e.program[fmt.Sprintf("tileAVX512x%dx%d", m, cols)])
}

// run executes a function up to its return.
func (e *emulator) run(p *program) {
	for at := 0; ; at++ {
		i := p.code[at]
		last := i[len(i)-1]
		switch i[0] {
		case "RET":
			return
		case "VZEROUPPER", "PREFETCHT0":
		case "JMP":
			at = p.labels[last] - 1
		case "JNE":
			if !e.zero {
				at = p.labels[last] - 1
			}
		case "JE":
			if e.zero {
				at = p.labels[last] - 1
			}
		case "MOVQ", "MOVB":
			e.set(last, e.value(i[1]))
		case "LEAQ":
			e.set(last, e.address(i[1]))
		case "ADDQ":
			e.set(last, e.value(last)+e.value(i[1]))
			e.zero = e.value(last) == 0
		case "DECQ":
			e.set(last, e.value(last)-1)
			e.zero = e.value(last) == 0
		case "SHRQ":
			e.set(last, int64(uint64(e.value(last))>>e.value(i[1])))
		case "SHLXQ":
			e.set(last, e.value(i[2])<<e.value(i[1]))
		case "NOTQ":
			e.set(last, ^e.value(last))
		case "TESTB":
			e.zero = uint8(e.value(i[1])&e.value(i[2])) == 0
		case "KMOVW":
			e.mask[last] = uint16(e.value(i[1]))
		case "VPXORD":
			if i[1] != i[2] {
				panic("emulator: VPXORD of two registers")
			}
			e.vector[last] = [16]float32{}
		case "VMOVUPS", "VMOVUPS.Z":
			e.move(i)
		case "VBROADCASTSS":
			var v [16]float32
			x := *e.element(e.address(i[1]), 0)
			for lane := range v {
				v[lane] = x
			}
			e.vector[last] = v
		case "VADDPS":
			x, y := e.vector[i[1]], e.vector[i[2]]
			for lane := range x {
				x[lane] += y[lane]
			}
			e.vector[last] = x
		case "VFMADD231PS":
			x, y, z := e.vector[i[1]], e.vector[i[2]], e.vector[last]
			for lane := range z {
				z[lane] = fma32(x[lane], y[lane], z[lane])
			}
			e.vector[last] = z
		default:
			panic("emulator: unknown instruction " + strings.Join(i, " "))
		}
	}
}

// move runs VMOVUPS between memory and a register, under a mask if there is one.
func (e *emulator) move(i []string) {
	mask := uint16(math.MaxUint16)
	if len(i) == 4 {
		mask = e.mask[i[2]]
	}
	from, to := i[1], i[len(i)-1]
	if strings.HasPrefix(from, "Z") {
		v, at := e.vector[from], e.address(to)
		for lane := range v {
			if mask>>lane&1 != 0 {
				*e.element(at, lane) = v[lane]
			}
		}
		return
	}
	var v [16]float32
	for at, lane := e.address(from), 0; lane < len(v); lane++ {
		if mask>>lane&1 != 0 {
			v[lane] = *e.element(at, lane)
		}
	}
	e.vector[to] = v
}

// value returns a constant, a parameter or a register.
func (e *emulator) value(operand string) int64 {
	if number, ok := strings.CutPrefix(operand, "$"); ok {
		n, err := strconv.ParseInt(number, 0, 64)
		if err != nil {
			panic(err)
		}
		return n
	}
	v, ok := e.general[register(operand)]
	if !ok {
		panic("emulator: " + operand + " is read before it is set")
	}
	return v
}

func (e *emulator) set(operand string, v int64) { e.general[register(operand)] = v }

// register returns the full register that a byte register is part of.
func register(name string) string {
	if low, ok := strings.CutSuffix(name, "L"); ok && len(low) == 1 {
		return low + "X"
	}
	return name
}

// address evaluates disp(base)(index*scale).
func (e *emulator) address(operand string) int64 {
	parts := strings.FieldsFunc(operand, func(r rune) bool { return r == '(' || r == ')' })
	var sum int64
	for _, part := range parts {
		index, scale, scaled := strings.Cut(part, "*")
		switch n, err := strconv.ParseInt(part, 0, 64); {
		case err == nil:
			sum += n
		case scaled:
			n, _ := strconv.ParseInt(scale, 0, 64)
			sum += n * e.value(index)
		default:
			sum += e.value(part)
		}
	}
	return sum
}

// element returns the float32 at an address.
func (e *emulator) element(address int64, lane int) *float32 {
	offset := address & (1<<40 - 1)
	if offset%4 != 0 {
		panic("emulator: unaligned address")
	}
	return &e.memory[address>>40-1][int(offset/4)+lane]
}

// fma32 is x*y + z, rounded once: the float64 sum of the exact product is
// rounded to odd, so that rounding it again is harmless.
func fma32(x, y, z float32) float32 {
	p, c := float64(x)*float64(y), float64(z)
	s := p + c
	t := s - p
	if e := (p - (s - t)) + (c - t); e != 0 && math.Float64bits(s)&1 == 0 {
		if (e > 0) == (s > 0) {
			s = math.Float64frombits(math.Float64bits(s) + 1)
		} else {
			s = math.Float64frombits(math.Float64bits(s) - 1)
		}
	}
	return float32(s)
}

// TestEmulatedAVX512 multiplies with the emulated tiles and with a loop of
// fused multiply-adds, which must agree bit for bit; so must AVX2, where it
// can run.
func TestEmulatedAVX512(t *testing.T) {
	e := newEmulator(t)
	loops := avx512Loops
	loops.run = e.tile
	emulated := Variant{Name: "emulated", available: true, loops32: &loops, loops64: &goLoops64}
	sizes := [][3]int{{1, 1, 1}, {14, 32, 3}, {15, 33, 5}, {29, 16, 2}, {33, 70, 7}, {2, 31, 322}, {28, 17, 1}, {13, 40, 2}}
	for rows := 1; rows <= 14; rows++ {
		sizes = append(sizes, [3]int{rows, 5, 2}, [3]int{rows, 27, 3})
	}
	for _, s := range sizes {
		for trans := range 2 {
			m, n, k := s[0], s[1], s[2]
			g := &Gemm[float32]{M: m, N: n, K: k, RSA: k, CSA: 1, RSB: n + 1, CSB: 1, RSC: n + 2, Beta: 1}
			if trans == 1 {
				g.RSA, g.CSA, g.RSB, g.CSB, g.Beta = 1, m, 1, k, 0
			}
			g.A, g.B = make([]float32, m*k), make([]float32, (n+1)*k)
			Stream{}.Uniform32(g.A, 0)
			Stream{Sub: 1}.Uniform32(g.B, 0)
			scratch := make([]float32, g.ScratchLen(1))
			multiply := func(v Variant) []float32 {
				defer Use(v)()
				g.C = make([]float32, m*g.RSC)
				Stream{Sub: 2}.Uniform32(g.C, 0)
				g.Run(nil, scratch)
				return g.C
			}
			want := multiply(Variant{loops32: fusedLoops(), loops64: &goLoops64})
			check := func(name string, got []float32) {
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("%s, %v, transposed %d: element %d is %v, want %v", name, s, trans, i, got[i], want[i])
					}
				}
			}
			check("AVX-512", multiply(emulated))
			if variants[1].available {
				check("AVX2", multiply(variants[1]))
			}
		}
	}
}

// fusedLoops are the definitions with a tile of fused multiply-adds.
func fusedLoops() *loops[float32] {
	l := goLoops32
	l.run = func(count, m, n, k int, a []float32, step, rsa, csa int, b []float32, ldb int, c []float32, ldc int, add bool) {
		for i := range count * m {
			for j := range n {
				var sum float32
				for p := range k {
					sum = fma32(a[i/m*step+i%m*rsa+p*csa], b[p*ldb+j], sum)
				}
				if add {
					sum = c[i*ldc+j] + sum
				}
				c[i*ldc+j] = sum
			}
		}
	}
	return &l
}
