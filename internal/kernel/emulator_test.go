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
	vector  map[string]zmm
	mask    map[string]uint16
	memory  [3][]int32 // region i begins at address (i+1)<<40
	zero    bool       // flags of the last instruction that sets them
}

// zmm is the bits of a register: 16 float32, or 8 float64 of two lanes each.
type zmm [16]int32

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

// emulatedTile returns tile.run as the emulated AVX-512 functions.
func emulatedTile[T Float](e *emulator) func(count, m, n, k int, a []T, step, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool) {
	name, size, width := "tileAVX512x%dx%d", 4, 16
	if any(T(0)) == any(float64(0)) {
		name, size, width = "tileAVX512F64x%dx%d", 8, 8
	}
	return func(count, m, n, k int, a []T, step, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool) {
		cols := width
		if n > width {
			cols = 2 * width
		}
		e.memory = [3][]int32{View[int32](a), View[int32](b), View[int32](c)}
		e.general = map[string]int64{
			"k+0(FP)": int64(k), "rsa+16(FP)": int64(size * rsa), "csa+24(FP)": int64(size * csa),
			"ldb+40(FP)": int64(size * ldb), "ldc+56(FP)": int64(size * ldc), "n+64(FP)": int64(n),
			"a+8(FP)": 1 << 40, "b+32(FP)": 2 << 40, "c+48(FP)": 3 << 40, "add+72(FP)": 0,
			"count+80(FP)": int64(count), "step+88(FP)": int64(size * step),
		}
		if add {
			e.general["add+72(FP)"] = 1
		}
		e.vector, e.mask = map[string]zmm{}, map[string]uint16{}
		e.run(e.program[fmt.Sprintf(name, m, cols)])
	}
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
			e.vector[last] = zmm{}
		case "VMOVUPS", "VMOVUPS.Z":
			e.move(i, 1)
		case "VMOVUPD", "VMOVUPD.Z":
			e.move(i, 2)
		case "VBROADCASTSS", "VBROADCASTSD":
			words := 1
			if i[0] == "VBROADCASTSD" {
				words = 2
			}
			var v zmm
			for lane, at := 0, e.address(i[1]); lane < len(v); lane++ {
				v[lane] = *e.element(at, lane%words)
			}
			e.vector[last] = v
		case "VADDPS":
			e.vector[last] = zipLanes(e.vector[i[1]], e.vector[i[2]], zmm{}, func(x, y, _ float32) float32 { return x + y })
		case "VADDPD":
			e.vector[last] = zipLanes(e.vector[i[1]], e.vector[i[2]], zmm{}, func(x, y, _ float64) float64 { return x + y })
		case "VFMADD231PS":
			e.vector[last] = zipLanes(e.vector[i[1]], e.vector[i[2]], e.vector[last], fma32)
		case "VFMADD231PD":
			e.vector[last] = zipLanes(e.vector[i[1]], e.vector[i[2]], e.vector[last], math.FMA)
		default:
			panic("emulator: unknown instruction " + strings.Join(i, " "))
		}
	}
}

// zipLanes applies f to each element of three registers.
func zipLanes[T Float](x, y, z zmm, f func(x, y, z T) T) zmm {
	vx, vy, vz := View[T](x[:]), View[T](y[:]), View[T](z[:])
	out := make([]T, len(vx))
	for i := range out {
		out[i] = f(vx[i], vy[i], vz[i])
	}
	return zmm(View[int32](out))
}

// move moves between memory and a register, under a mask of elements of so many
// words if there is one.
func (e *emulator) move(i []string, words int) {
	mask := uint16(math.MaxUint16)
	if len(i) == 4 {
		mask = e.mask[i[2]]
	}
	from, to := i[1], i[len(i)-1]
	if strings.HasPrefix(from, "Z") {
		v, at := e.vector[from], e.address(to)
		for lane := range v {
			if mask>>(lane/words)&1 != 0 {
				*e.element(at, lane) = v[lane]
			}
		}
		return
	}
	var v zmm
	for at, lane := e.address(from), 0; lane < len(v); lane++ {
		if mask>>(lane/words)&1 != 0 {
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

// element returns a word of 32 bits from an address on.
func (e *emulator) element(address int64, lane int) *int32 {
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
	single, double := avx512Loops, avx512Loops64
	single.run, double.run = emulatedTile[float32](e), emulatedTile[float64](e)
	variant := Variant{Name: "emulated", available: true, loops32: &single, loops64: &double}
	t.Run("float32", func(t *testing.T) { testEmulated[float32](t, variant) })
	t.Run("float64", func(t *testing.T) { testEmulated[float64](t, variant) })
}

func testEmulated[T Float](t *testing.T, emulated Variant) {
	single, double := goLoops32, goLoops64
	single.run, double.run = fusedTile(fma32), fusedTile(math.FMA)
	fused := Variant{loops32: &single, loops64: &double}
	sizes := [][3]int{{1, 1, 1}, {14, 32, 3}, {15, 33, 5}, {29, 16, 2}, {33, 70, 7}, {2, 31, 322}, {21, 40, 322}, {28, 17, 1}, {13, 40, 2}, {70, 200, 2}}
	for rows := 1; rows <= 14; rows++ {
		sizes = append(sizes, [3]int{rows, 5, 2}, [3]int{rows, 13, 2}, [3]int{rows, 27, 3})
	}
	for _, s := range sizes {
		for trans := range 2 {
			m, n, k := s[0], s[1], s[2]
			g := &Gemm[T]{M: m, N: n, K: k, RSA: k, CSA: 1, RSB: n + 1, CSB: 1, RSC: n + 2, Beta: 1}
			if trans == 1 {
				g.RSA, g.CSA, g.RSB, g.CSB, g.Beta = 1, m, 1, k, 0
			}
			g.A, g.B = uniform[T](m*k, 0), uniform[T]((n+1)*k, 1)
			scratch := make([]T, g.ScratchLen(1))
			multiply := func(v Variant) []T {
				defer Use(v)()
				g.C = uniform[T](m*g.RSC, 2)
				g.Run(nil, scratch)
				return g.C
			}
			want := multiply(fused)
			check := func(name string, got []T) {
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

// uniform returns n numbers of a stream.
func uniform[T Float](n int, stream uint64) []T {
	x := make([]float32, n)
	Stream{Sub: stream}.Uniform32(x, 0)
	out := make([]T, n)
	for i, v := range x {
		out[i] = T(v) - T(v)*T(v) // of more digits than a float32 in float64
	}
	return out
}

// fusedTile is a tile of fused multiply-adds.
func fusedTile[T Float](fma func(x, y, z T) T) func(count, m, n, k int, a []T, step, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool) {
	return func(count, m, n, k int, a []T, step, rsa, csa int, b []T, ldb int, c []T, ldc int, add bool) {
		for i := range count * m {
			for j := range n {
				var sum T
				for p := range k {
					sum = fma(a[i/m*step+i%m*rsa+p*csa], b[p*ldb+j], sum)
				}
				if add {
					sum = c[i*ldc+j] + sum
				}
				c[i*ldc+j] = sum
			}
		}
	}
}
