package op

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// RecurrentGradOp goes back through the steps of RNN, LSTM or GRU (BPTT). From the
// gradients of Y, Y_h and Y_c, of which any may be left out, and what RecurrentTrain
// kept, it computes that of what each gate adds up: dz in the shape of the gates,
// and for GRU with LinearBeforeReset ds besides, which is dz as the state's weights
// see it; then those of the initial states. The gradients of the weights are
// products of these.
type RecurrentGradOp struct{ Recurrent }

// The inputs of RecurrentGrad.
const (
	recurrentGradR = iota
	recurrentGradGates
	recurrentGradPrev
	recurrentGradAux
	recurrentGradY
	recurrentGradH
	recurrentGradC
	recurrentGradLens
	recurrentGradP
)

// Spec describes the operator.
func (o RecurrentGradOp) Spec() graph.Spec {
	return graph.Spec{
		Name: "RecurrentGrad", Domain: ember, Formula: "dz[t] = dh[t]·∂h/∂z; dh[t-1] = dY[t-1] + dz[t]·R + …",
		Source: "Werbos, \"Backpropagation through time\", 1990",
		Inputs: []string{"R", "gates", "prev", "kept?", "dY?", "dY_h?", "dY_c?", "sequence_lens?", "P?"}, Outputs: []string{"dz", "rest..."}, ULP: 256,
		FLOPs: func(in, _ []graph.Type) int64 {
			h, _ := in[recurrentGradR].Shape[2].Size()
			return 2 * elements(in[recurrentGradGates]) * int64(h)
		},
		Cases: recurrentGradCases,
	}
}

// hasStatePart tells whether the gates' gradient is another one for the state's
// weights.
func (o Recurrent) hasStatePart() bool { return o.Cell == GRUCell && o.LinearBeforeReset }

// Infer gives the shape of the gates, twice where the state has its own, and those
// of the initial states.
func (o RecurrentGradOp) Infer(in []graph.Type) ([]graph.Type, error) {
	if err := o.checkAttributes(); err != nil {
		return nil, err
	}
	needed := recurrentGradPrev + 1
	if o.KeepsMore() {
		needed++
	}
	if err := expect(in, needed, recurrentGradP+1); err != nil {
		return nil, err
	}
	padded := append(append([]graph.Type{}, in...), make([]graph.Type, recurrentGradP+1-len(in))...)
	gates := padded[recurrentGradGates]
	if err := wantFloat(gates); err != nil {
		return nil, err
	}
	if err := wantRank("gates", gates, 4); err != nil {
		return nil, err
	}
	if err := wantRank("R", padded[recurrentGradR], 3); err != nil {
		return nil, err
	}
	r, s := padded[recurrentGradR].Shape, gates.Shape
	e := extents{dirs: graph.Known(o.Directions()), steps: s[1], batch: s[2], hidden: r[2]}
	if o.Layout == 1 {
		e.steps, e.batch = e.batch, e.steps
	}
	e.gates = e.hidden.Mul(graph.Known(o.Cell.Gates()))
	for i, want := range map[int]graph.Shape{
		recurrentGradY: o.output(e), recurrentGradH: o.state(e), recurrentGradC: o.state(e), recurrentGradR: {e.dirs, e.gates, e.hidden},
		recurrentGradGates: o.kept(e, e.gates), recurrentGradPrev: o.kept(e, e.hidden), recurrentGradAux: o.kept(e, e.hidden),
		recurrentGradLens: {e.batch}, recurrentGradP: {e.dirs, e.hidden.Mul(graph.Known(3))},
	} {
		t := padded[i]
		if !t.Present() {
			continue
		}
		if i == recurrentGradLens {
			if err := wantDType("sequence_lens", t, tensor.Int32); err != nil {
				return nil, err
			}
		} else if err := sameDType(gates, t); err != nil {
			return nil, err
		}
		if err := wantShape("an input", t, want); err != nil {
			return nil, err
		}
	}
	out := []graph.Type{gates.With(s...)}
	if o.hasStatePart() {
		out = append(out, gates.With(s...))
	}
	out = append(out, gates.With(o.state(e)...))
	if o.Cell == LSTMCell {
		out = append(out, gates.With(o.state(e)...))
	}
	return out, nil
}

// Eval is the definition.
func (o RecurrentGradOp) Eval(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	values := func(i int) []float64 {
		if t := arg(in, i); t != nil {
			return tensor.Float64s(t)
		}
		return nil
	}
	functions, err := o.functions()
	if err != nil {
		return nil, err
	}
	gs := in[recurrentGradGates].Shape()
	s := &sweep{
		o: o.Recurrent, functions: functions, dirs: gs[0], steps: gs[1], batch: gs[2], gates: gs[3], hidden: gs[3] / o.Cell.Gates(),
		r: values(recurrentGradR), peeps: values(recurrentGradP),
	}
	if o.Layout == 1 {
		s.steps, s.batch = s.batch, s.steps
	}
	if s.lens, err = lengths(arg(in, recurrentGradLens), s.batch, s.steps); err != nil {
		return nil, err
	}
	tr := &trace{gates: values(recurrentGradGates), prev: values(recurrentGradPrev), aux: values(recurrentGradAux)}
	g := &trace{y: values(recurrentGradY), h: values(recurrentGradH), c: values(recurrentGradC)}
	dz, ds := make([]float64, len(tr.gates)), make([]float64, len(tr.gates))
	states := s.dirs * s.batch * s.hidden
	dh0, dc0 := make([]float64, states), make([]float64, states)
	for d := range s.dirs {
		for n := range s.batch {
			at := s.state(d, n)
			dh, dc := row(dh0, at, s.hidden), row(dc0, at, s.hidden)
			copy(dh, row(g.h, at, s.hidden))
			copy(dc, row(g.c, at, s.hidden))
			for i := range s.steps {
				t := s.steps - 1 - i
				if o.Reverse(d) {
					t = i
				}
				if t >= s.lens[n] {
					continue
				}
				for j, v := range row(g.y, s.output(d, t, n), s.hidden) {
					dh[j] += v
				}
				k := s.kept(d, t, n)
				s.back(d, dh, dc, row(tr.gates, k, s.gates), row(tr.prev, k, s.hidden), row(tr.aux, k, s.hidden), row(dz, k, s.gates), row(ds, k, s.gates))
				if o.Cut(d, t, s.lens[n]) {
					clear(dh)
					clear(dc)
				}
			}
		}
	}
	typed := []*tensor.Tensor{ofFloats(in[recurrentGradGates].DType(), dz, gs)}
	if o.hasStatePart() {
		typed = append(typed, ofFloats(typed[0].DType(), ds, gs))
	}
	state := tensor.Shape{s.dirs, s.batch, s.hidden}
	if o.Layout == 1 {
		state[0], state[1] = state[1], state[0]
	}
	typed = append(typed, ofFloats(typed[0].DType(), dh0, state))
	if o.Cell == LSTMCell {
		typed = append(typed, ofFloats(typed[0].DType(), dc0, state))
	}
	return typed, nil
}

// back goes back through one step: dh and dc of the states after it become those
// of the states before it.
func (s *sweep) back(d int, dh, dc, gates, prev, aux, dz, ds []float64) {
	f, n := s.functions[d], s.hidden
	weights := row(s.r, d, s.gates*n)
	direct := make([]float64, n) // what reaches the state before without R
	switch s.o.Cell {
	case RNNCell:
		for j := range n {
			dz[j] = dh[j] * f[0].slope(gates[j])
		}
		copy(ds, dz)
	case LSTMCell:
		p := row(s.peeps, d, 3*n)
		if p == nil {
			p = make([]float64, 3*n)
		}
		for j := range n {
			i, out, forget, g, c := gates[j], gates[n+j], gates[2*n+j], gates[3*n+j], aux[j]
			top := f[2].f(float64(forget*c) + float64(i*g))
			dz[n+j] = dh[j] * top * f[0].slope(out)
			dcell := dc[j] + float64(dh[j]*out*f[2].slope(top)) + float64(p[n+j]*dz[n+j])
			di, df := dcell*g, dcell*c
			if s.o.InputForget {
				di, df = di-df, 0
			}
			dz[j], dz[3*n+j] = di*f[0].slope(i), dcell*i*f[1].slope(g)
			dz[2*n+j] = df * f[0].slope(forget)
			dc[j] = float64(dcell*forget) + float64(p[j]*dz[j]) + float64(p[2*n+j]*dz[2*n+j])
		}
		copy(ds, dz)
	case GRUCell:
		for j := range n {
			z, own := gates[j], gates[2*n+j]
			dz[j] = dh[j] * (prev[j] - own) * f[0].slope(z)
			dz[2*n+j] = dh[j] * (1 - z) * f[1].slope(own)
			direct[j] = dh[j] * z
		}
		if s.o.LinearBeforeReset {
			for j := range n {
				reset := gates[n+j]
				dz[n+j] = dz[2*n+j] * aux[j] * f[0].slope(reset)
				ds[j], ds[n+j], ds[2*n+j] = dz[j], dz[n+j], dz[2*n+j]*reset
			}
			break
		}
		for j := range n {
			q := 0.0 // of the reset state
			for k := 2 * n; k < 3*n; k++ {
				q += float64(weights[k*n+j] * dz[k])
			}
			dz[n+j] = q * prev[j] * f[0].slope(gates[n+j])
			direct[j] += float64(q * gates[n+j])
		}
		copy(ds[:2*n], dz)
	}
	copy(dh, direct)
	for k, v := range ds {
		for j := range n {
			dh[j] += float64(v * weights[k*n+j])
		}
	}
}
