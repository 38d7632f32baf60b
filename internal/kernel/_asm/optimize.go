package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// step is a step of an optimizer: a loop whose numbers come from an array that c
// points to.
type step struct {
	name    string
	arrays  []string // the parameter, the gradient, and what the optimizer keeps
	numbers int
	doc     string
	// update gives the parameter, then what the optimizer keeps.
	update func(x, c []reg.VecVirtual) []reg.VecVirtual
}

func (s step) write() {
	c := make([]reg.VecVirtual, s.numbers)
	params := ""
	for _, a := range s.arrays {
		params += a + ", "
	}
	loop{
		name: s.name + "AVX2", params: params + "c *float32",
		in: s.arrays, out: append([]string{s.arrays[0]}, s.arrays[2:]...), doc: s.doc,
		prepare: func() {
			from := gpr(Load(Param("c"), GP64()))
			for i := range c {
				c[i] = YMM()
				VBROADCASTSS(Mem{Base: from, Disp: 4 * i}, c[i])
			}
		},
		body: func(x []reg.VecVirtual) []reg.VecVirtual { return s.update(x, c) },
	}.write()
}

// less is x less a number of times y: x -= c*y.
func less(x, c, y reg.VecVirtual) {
	t := YMM()
	VMULPS(c, y, t)
	VSUBPS(t, x, x)
}

// more is x and a number of times y: x += c*y.
func more(x, c, y reg.VecVirtual) {
	t := YMM()
	VMULPS(c, y, t)
	VADDPS(t, x, x)
}

// optimizers writes the steps of SGD, Adam and RMSProp. Each operation rounds, as
// in their definitions.
func optimizers() {
	step{
		name: "decayed", arrays: []string{"param", "grad"}, numbers: 2,
		doc: "param[i] -= c[0]*(grad[i] + c[1]*param[i])",
		update: func(x, c []reg.VecVirtual) []reg.VecVirtual {
			p, g := x[0], x[1]
			more(g, c[1], p)
			less(p, c[0], g)
			return one(p)
		},
	}.write()
	for _, nesterov := range []bool{false, true} {
		name, last := "momentum", "param[i] -= c[0]*buf[i]"
		if nesterov {
			name, last = "nesterov", "param[i] -= c[0]*(g + c[2]*buf[i])"
		}
		step{
			name: name, arrays: []string{"param", "grad", "buf"}, numbers: 4,
			doc: "g = grad[i] + c[1]*param[i]; buf[i] = c[2]*buf[i] + c[3]*g; " + last,
			update: func(x, c []reg.VecVirtual) []reg.VecVirtual {
				p, g, b := x[0], x[1], x[2]
				more(g, c[1], p)
				VMULPS(c[2], b, b)
				more(b, c[3], g)
				if nesterov {
					more(g, c[2], b)
					less(p, c[0], g)
				} else {
					less(p, c[0], b)
				}
				return []reg.VecVirtual{p, b}
			},
		}.write()
	}
	step{
		name: "adam", arrays: []string{"param", "grad", "m", "v"}, numbers: 8,
		doc: "the loop of StepAdam with c = {size, shrink, decay, b1, b2, c2, scale, eps}",
		update: func(x, c []reg.VecVirtual) []reg.VecVirtual {
			p, g, m, v := x[0], x[1], x[2], x[3]
			VMULPS(c[1], p, p)
			more(g, c[2], p)
			toward(m, c[3], g)
			meanSquare(v, c[4], c[5], g)
			t := YMM()
			VSQRTPS(v, t)
			VDIVPS(c[6], t, t)
			VADDPS(c[7], t, t)
			VDIVPS(t, m, t)
			less(p, c[0], t)
			return []reg.VecVirtual{p, m, v}
		},
	}.write()
	for _, centered := range []bool{false, true} {
		for _, momentum := range []bool{false, true} {
			rmsprop(centered, momentum)
		}
	}
}

// toward moves a mean by a share toward a value: m += c*(g - m).
func toward(m, c, g reg.VecVirtual) {
	t := YMM()
	VSUBPS(m, g, t)
	more(m, c, t)
}

// meanSquare is v = keep*v + take*g*g.
func meanSquare(v, keep, take, g reg.VecVirtual) {
	t := YMM()
	VMULPS(take, g, t)
	VMULPS(keep, v, v)
	more(v, t, g)
}

func rmsprop(centered, momentum bool) {
	s := step{
		name: "rmsprop", arrays: []string{"param", "grad", "square"}, numbers: 6,
		doc: "the loop of StepRMSProp with c = {rate, decay, eps, keep, take, momentum}",
	}
	if centered {
		s.name += "Centered"
		s.arrays = append(s.arrays, "mean")
	}
	if momentum {
		s.name += "Momentum"
		s.arrays = append(s.arrays, "buf")
	}
	s.update = func(x, c []reg.VecVirtual) []reg.VecVirtual {
		p, g, square := x[0], x[1], x[2]
		more(g, c[1], p)
		meanSquare(square, c[3], c[4], g)
		d := YMM()
		VMOVAPS(square, d)
		if centered {
			mean := x[3]
			toward(mean, c[4], g)
			less(d, mean, mean)
		}
		VSQRTPS(d, d)
		VADDPS(c[2], d, d)
		VDIVPS(d, g, g)
		if momentum {
			buf := x[len(x)-1]
			VMULPS(c[5], buf, buf)
			VADDPS(buf, g, g)
			VMOVAPS(g, buf)
		}
		less(p, c[0], g)
		return append([]reg.VecVirtual{p, square}, x[3:]...)
	}
	s.write()
}
