package metric

import (
	"fmt"
	"math"
)

// sum is an unevaluated sum hi + lo of about 106 bits, so that the order of
// additions shows at most in the last bit of a result.
//
// Source: Dekker, "A floating-point technique for extending the available
// precision", 1971; Knuth, TAOCP 2, 4.2.2.
type sum struct{ hi, lo float64 }

// add adds x.
func (s *sum) add(x float64) { s.merge(sum{hi: x}) }

// addProduct adds a*b without rounding the product.
func (s *sum) addProduct(a, b float64) {
	p := a * b
	s.merge(sum{p, math.FMA(a, b, -p)})
}

// merge adds another sum.
func (s *sum) merge(t sum) {
	hi := s.hi + t.hi
	if math.IsInf(hi, 0) || math.IsNaN(hi) {
		*s = sum{hi: hi}
		return
	}
	part := hi - s.hi
	lo := (s.hi - (hi - part)) + (t.hi - part) + s.lo + t.lo
	s.hi = hi + lo
	s.lo = lo - (s.hi - hi)
}

// minus is s - t.
func (s sum) minus(t sum) sum {
	s.merge(sum{-t.hi, -t.lo})
	return s
}

// squaredOver is s²/n.
func (s sum) squaredOver(n sum) sum {
	var rest sum
	rest.addProduct(s.hi, s.hi)
	rest.addProduct(2*s.hi, s.lo)
	q := rest.hi / n.hi
	rest.addProduct(-q, n.hi)
	rest.addProduct(-q, n.lo)
	out := sum{hi: q}
	out.add(rest.hi / n.hi)
	return out
}

func (s sum) value() float64 { return s.hi + s.lo }

// appendSums appends the sums to a State.
func appendSums(state []float64, sums ...sum) []float64 {
	for _, s := range sums {
		state = append(state, s.hi, s.lo)
	}
	return state
}

// takeSums reads sums from the whole of a State.
func takeSums(state []float64, into ...*sum) error {
	if len(state) != 2*len(into) {
		return fmt.Errorf("the state of a metric has %d numbers, want %d", len(state), 2*len(into))
	}
	for i, s := range into {
		*s = sum{state[2*i], state[2*i+1]}
	}
	return nil
}

// mean is a weighted mean that grows.
type mean struct{ total, weight sum }

func (m *mean) add(x, weight float64) {
	m.total.addProduct(x, weight)
	m.weight.add(weight)
}

func (m *mean) merge(o mean) {
	m.total.merge(o.total)
	m.weight.merge(o.weight)
}

// Value is the mean, NaN without samples.
func (m *mean) Value() float64 { return m.total.value() / m.weight.value() }

// State implements [Metric].
func (m *mean) State() []float64 { return appendSums(nil, m.total, m.weight) }

// Restore implements [Metric].
func (m *mean) Restore(state []float64) error { return takeSums(state, &m.total, &m.weight) }
