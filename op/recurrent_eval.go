package op

import (
	"fmt"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// sweep is the definition of a recurrent operator at work: where its numbers are,
// and those of one sample and direction at a time.
type sweep struct {
	o                         Recurrent
	functions                 [][]recurrentFunction
	steps, batch, in, hidden  int
	dirs, gates               int
	lens                      []int // of the sequences
	x, w, r, b, h0, c0, peeps []float64
}

// newSweep reads the inputs of a recurrent operator.
func (o Recurrent) newSweep(in []*tensor.Tensor) (*sweep, error) {
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
	xs, ws := in[recurrentX].Shape(), in[recurrentW].Shape()
	s := &sweep{
		o: o, functions: functions, steps: xs[0], batch: xs[1], in: xs[2], dirs: ws[0], hidden: ws[1] / o.Cell.Gates(), gates: ws[1],
		x: values(recurrentX), w: values(recurrentW), r: values(recurrentR), b: values(recurrentB), h0: values(recurrentH),
	}
	if o.Layout == 1 {
		s.steps, s.batch = s.batch, s.steps
	}
	if o.Cell == LSTMCell {
		s.c0, s.peeps = values(recurrentC), values(recurrentP)
	}
	s.lens, err = lengths(arg(in, recurrentLens), s.batch, s.steps)
	return s, err
}

// lengths are those of the sequences of a batch, each of all steps where none are
// given.
func lengths(given *tensor.Tensor, batch, steps int) ([]int, error) {
	lens := make([]int, batch)
	for n := range lens {
		lens[n] = steps
	}
	if given == nil {
		return lens, nil
	}
	for n, v := range tensor.Data[int32](given.Contiguous()) {
		if err := CheckLength(n, v, steps); err != nil {
			return nil, err
		}
		lens[n] = int(v)
	}
	return lens, nil
}

// CheckLength is an error for a length that sample n of a batch of sequences of so
// many steps cannot have.
func CheckLength(n int, length int32, steps int) error {
	if length < 0 || int(length) > steps {
		return fmt.Errorf("sequence_lens of sample %d is %d, but there are %d steps", n, length, steps)
	}
	return nil
}

// The places of a step's and a state's numbers.
func (s *sweep) input(t, n int) int {
	if s.o.Layout == 1 {
		return n*s.steps + t
	}
	return t*s.batch + n
}

func (s *sweep) kept(d, t, n int) int { return d*s.steps*s.batch + s.input(t, n) }

func (s *sweep) output(d, t, n int) int {
	if s.o.Layout == 1 {
		return (n*s.steps+t)*s.dirs + d
	}
	return (t*s.dirs+d)*s.batch + n
}

func (s *sweep) state(d, n int) int {
	if s.o.Layout == 1 {
		return n*s.dirs + d
	}
	return d*s.batch + n
}

// row is vector i of a list of vectors of n numbers.
func row(list []float64, i, n int) []float64 {
	if list == nil {
		return nil
	}
	return list[i*n : (i+1)*n]
}

// trace is what a forward sweep gives.
type trace struct {
	y, h, c          []float64
	gates, prev, aux []float64 // aux: of LSTM cells before each step, of GRU R_h·h + Rb_h
}

// forward computes all steps.
func (s *sweep) forward() *trace {
	cells := s.dirs * s.steps * s.batch
	states := s.dirs * s.batch * s.hidden
	tr := &trace{
		y: make([]float64, cells*s.hidden), h: make([]float64, states), c: make([]float64, states),
		gates: make([]float64, cells*s.gates), prev: make([]float64, cells*s.hidden), aux: make([]float64, cells*s.hidden),
	}
	for d := range s.dirs {
		for n := range s.batch {
			at := s.state(d, n)
			h, c := row(tr.h, at, s.hidden), row(tr.c, at, s.hidden)
			copy(h, row(s.h0, at, s.hidden))
			copy(c, row(s.c0, at, s.hidden))
			for i := range s.steps {
				t := i
				if s.o.Reverse(d) {
					t = s.steps - 1 - i
				}
				k := s.kept(d, t, n)
				copy(row(tr.prev, k, s.hidden), h)
				aux := row(tr.aux, k, s.hidden)
				if s.o.Cell == LSTMCell {
					copy(aux, c)
				}
				if t >= s.lens[n] {
					continue
				}
				s.step(d, row(s.x, s.input(t, n), s.in), h, c, row(tr.gates, k, s.gates), aux)
				copy(row(tr.y, s.output(d, t, n), s.hidden), h)
			}
		}
	}
	return tr
}

// step moves the state h and, of LSTM, c; gates gets what the gates are, aux of
// GRU the linear part of the state's own.
func (s *sweep) step(d int, x, h, c, gates, aux []float64) {
	f, n := s.functions[d], s.hidden
	z, q := make([]float64, s.gates), make([]float64, s.gates) // of the input and of the state
	bias := row(s.b, d, 2*s.gates)
	for j := range s.gates {
		z[j] = dots(row(row(s.w, d, s.gates*s.in), j, s.in), x)
		q[j] = dots(row(row(s.r, d, s.gates*n), j, n), h)
		if bias != nil {
			z[j] += bias[j]
			q[j] += bias[s.gates+j]
		}
	}
	switch s.o.Cell {
	case RNNCell:
		for j := range n {
			h[j] = f[0].f(z[j] + q[j])
			gates[j] = h[j]
		}
	case LSTMCell:
		p := row(s.peeps, d, 3*n)
		if p == nil {
			p = make([]float64, 3*n)
		}
		for j := range n {
			i := f[0].f(z[j] + q[j] + float64(p[j]*c[j]))
			g := f[1].f(z[3*n+j] + q[3*n+j])
			forget := 1 - i
			if !s.o.InputForget {
				forget = f[0].f(z[2*n+j] + q[2*n+j] + float64(p[2*n+j]*c[j]))
			}
			c[j] = float64(forget*c[j]) + float64(i*g)
			out := f[0].f(z[n+j] + q[n+j] + float64(p[n+j]*c[j]))
			h[j] = out * f[2].f(c[j])
			gates[j], gates[n+j], gates[2*n+j], gates[3*n+j] = i, out, forget, g
		}
	case GRUCell:
		old := append([]float64{}, h...)
		for j := range 2 * n {
			gates[j] = f[0].f(z[j] + q[j])
		}
		reset := make([]float64, n)
		for j := range n {
			reset[j] = gates[n+j] * old[j]
		}
		for j := range n {
			k := 2*n + j
			linear := q[k]
			if s.o.LinearBeforeReset {
				aux[j] = linear
				linear *= gates[n+j]
			} else {
				linear = dots(row(row(s.r, d, s.gates*n), k, n), reset)
				if bias != nil {
					linear += bias[s.gates+k]
				}
			}
			gates[k] = f[1].f(z[k] + linear)
			h[j] = float64((1-gates[j])*gates[k]) + float64(gates[j]*old[j])
		}
	}
}

func dots(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v * b[i])
	}
	return sum
}

// evaluate computes the outputs of a recurrent operator, and what training keeps if
// it is asked for.
func (o Recurrent) evaluate(in []*tensor.Tensor, training bool) ([]*tensor.Tensor, error) {
	s, err := o.newSweep(in)
	if err != nil {
		return nil, err
	}
	tr := s.forward()
	types := make([]graph.Type, len(in))
	for i, t := range in {
		if t != nil {
			types[i] = graph.TypeOf(t)
		}
	}
	outs, e, err := o.infer(types)
	if err != nil {
		return nil, err
	}
	values := [][]float64{tr.y, tr.h}
	if o.Cell == LSTMCell {
		values = append(values, tr.c)
	}
	if training {
		outs = append(outs, o.keptTypes(types[recurrentX], e)...)
		values = append(values, tr.gates, tr.prev, tr.aux)
	}
	return tensorsOf(outs, values), nil
}

// tensorsOf rounds values to the concrete types.
func tensorsOf(types []graph.Type, values [][]float64) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(types))
	for i, t := range types {
		shape, _ := t.Shape.Concrete()
		out[i] = ofFloats(t.DType, values[i], shape)
	}
	return out
}
