package data

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Moments gathers count, mean and variance in one pass over any number of values.
//
// Source: Welford, "Note on a method for calculating corrected sums of squares and
// products", Technometrics 4 (1962).
type Moments struct {
	N        int     // finite values and infinities
	NaN      int     // values that were not numbers
	Mean     float64 // of the N
	Min, Max float64 // of the N
	squares  float64 // Σ (v - mean)²
}

// Add takes a value in.
func (m *Moments) Add(v float64) {
	if math.IsNaN(v) {
		m.NaN++
		return
	}
	if m.N == 0 {
		m.Min, m.Max = v, v
	}
	m.N++
	m.Min, m.Max = min(m.Min, v), max(m.Max, v)
	delta := v - m.Mean
	m.Mean += delta / float64(m.N)
	m.squares += delta * (v - m.Mean)
}

// Merge takes in all that o has.
//
// Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for
// computing sample variances", COMPSTAT (1982).
func (m *Moments) Merge(o Moments) {
	m.NaN += o.NaN
	switch {
	case o.N == 0:
		return
	case m.N == 0:
		o.NaN = m.NaN
		*m = o
		return
	}
	a, b := float64(m.N), float64(o.N)
	delta := o.Mean - m.Mean
	m.N += o.N
	m.Mean += delta * b / (a + b)
	m.squares += o.squares + delta*delta*a*b/(a+b)
	m.Min, m.Max = min(m.Min, o.Min), max(m.Max, o.Max)
}

// MarshalBinary writes the moments for another worker to merge.
func (m Moments) MarshalBinary() ([]byte, error) {
	return binary.Append(nil, binary.LittleEndian, m.wire())
}

// UnmarshalBinary reads what MarshalBinary writes.
func (m *Moments) UnmarshalBinary(b []byte) error {
	var w momentsWire
	if n, err := binary.Decode(b, binary.LittleEndian, &w); err != nil || n != len(b) {
		return fmt.Errorf("moments: %d bytes, want %d", len(b), binary.Size(w))
	}
	*m = Moments{int(w.N), int(w.NaN), w.Mean, w.Min, w.Max, w.Squares}
	return nil
}

func (m Moments) wire() momentsWire {
	return momentsWire{int64(m.N), int64(m.NaN), m.Mean, m.Min, m.Max, m.squares}
}

// momentsWire is what MarshalBinary writes, in this order.
type momentsWire struct {
	N, NaN                  int64
	Mean, Min, Max, Squares float64
}

// Std returns the standard deviation of the population, √(Σ(v-mean)²/N); 0 of none.
func (m *Moments) Std() float64 {
	if m.N == 0 {
		return 0
	}
	return math.Sqrt(m.squares / float64(m.N))
}

func (m *Moments) stats(name string) ColumnStats {
	return ColumnStats{Name: name, Min: m.Min, Max: m.Max, Mean: m.Mean, Std: m.Std(), NaN: m.NaN}
}
