package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// optimizers writes one step of momentum and of Adam. Their numbers come from
// an array that c points to.
func optimizers() {
	c := make([]reg.VecVirtual, 8)
	broadcast := func(n int) func() {
		return func() {
			from := gpr(Load(Param("c"), GP64()))
			for i := range n {
				c[i] = YMM()
				VBROADCASTSS(Mem{Base: from, Disp: 4 * i}, c[i])
			}
		}
	}
	loop{
		name: "momentumAVX2", params: "param, grad, buf, c *float32",
		in: []string{"param", "grad", "buf"}, out: []string{"param", "buf"},
		doc:     "g = grad[i] + c[1]*param[i]; buf[i] = c[2]*buf[i] + c[3]*g; param[i] -= c[0]*buf[i]",
		prepare: broadcast(4),
		body: func(x []reg.VecVirtual) []reg.VecVirtual {
			p, g, b := x[0], x[1], x[2]
			t := YMM()
			VMULPS(c[1], p, t)
			VADDPS(t, g, g)
			VMULPS(c[2], b, b)
			VMULPS(c[3], g, g)
			VADDPS(g, b, b)
			VMULPS(c[0], b, t)
			VSUBPS(t, p, p)
			return []reg.VecVirtual{p, b}
		},
	}.write()
	loop{
		name: "adamAVX2", params: "param, grad, m, v, c *float32",
		in: []string{"param", "grad", "m", "v"}, out: []string{"param", "m", "v"},
		doc:     "the loop of StepAdam with c = {size, shrink, decay, b1, b2, c2, scale, eps}",
		prepare: broadcast(8),
		body: func(x []reg.VecVirtual) []reg.VecVirtual {
			p, g, m, v := x[0], x[1], x[2], x[3]
			t := YMM()
			VMULPS(c[1], p, p)
			VMULPS(c[2], p, t)
			VADDPS(t, g, g)
			VSUBPS(m, g, t)
			VMULPS(c[3], t, t)
			VADDPS(t, m, m)
			VMULPS(c[5], g, t)
			VMULPS(g, t, t)
			VMULPS(c[4], v, v)
			VADDPS(t, v, v)
			VSQRTPS(v, t)
			VDIVPS(c[6], t, t)
			VADDPS(c[7], t, t)
			VDIVPS(t, m, t)
			VMULPS(c[0], t, t)
			VSUBPS(t, p, p)
			return []reg.VecVirtual{p, m, v}
		},
	}.write()
}
