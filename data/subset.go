package data

import (
	"fmt"
	"math"

	"github.com/emberml/ember/tensor"
)

// subset is some rows of a source in a given order.
type subset struct {
	Source
	rows []int
}

// Subset returns the source of the given rows of src, in that order. Its batches
// have the indices of src.
func Subset(src Source, rows []int) (Source, error) {
	if err := checkRows(src.Schema().Name, rows, src.Len()); err != nil {
		return nil, err
	}
	s := subset{src, rows}
	if sampler, ok := src.(Sampler); ok {
		return &samplerSubset{s, sampler}, nil
	}
	return &s, nil
}

func (s *subset) Len() int { return len(s.rows) }

func (s *subset) targets() *tensor.Tensor {
	t, ok := s.Source.(targeter)
	if !ok || t.targets() == nil {
		return nil
	}
	var b Batch
	readTarget(&b, t.targets(), s.rows)
	return b.Y
}

// outer sets b's scratch to the rows in the underlying source.
func (s *subset) outer(rows []int, b *Batch) ([]int, error) {
	if err := checkRows(s.Schema().Name, rows, len(s.rows)); err != nil {
		return nil, err
	}
	b.rows = b.rows[:0]
	for _, r := range rows {
		b.rows = append(b.rows, s.rows[r])
	}
	return b.rows, nil
}

func (s *subset) Read(rows []int, b *Batch) error {
	rows, err := s.outer(rows, b)
	if err != nil {
		return err
	}
	mine := b.rows
	b.rows = nil // src may be a subset too
	err = s.Source.Read(rows, b)
	b.rows = mine
	return err
}

// samplerSubset is a subset of a Sampler.
type samplerSubset struct {
	subset
	sampler Sampler
}

func (s *samplerSubset) Sample(row int) (*tensor.Tensor, error) {
	if err := checkRows(s.Schema().Name, []int{row}, len(s.rows)); err != nil {
		return nil, err
	}
	return s.sampler.Sample(s.rows[row])
}

func (s *samplerSubset) Target(rows []int, b *Batch) error {
	rows, err := s.outer(rows, b)
	if err != nil {
		return err
	}
	mine := b.rows
	b.rows = nil
	err = s.sampler.Target(rows, b)
	b.rows = mine
	return err
}

// Split cuts src into parts of the given fractions, which are positive and sum to
// at most 1, in an order drawn by seed. Sizes are rounded so that no sample is in
// two parts and, if the fractions sum to 1, each is in one; a part that would be
// empty is an error.
func Split(src Source, seed uint64, fractions ...float64) ([]Source, error) {
	n, name := src.Len(), src.Schema().Name
	order := NewPermutation(n, tensor.RandStream(seed, "split"))
	var parts []Source
	sum, from := 0.0, 0
	for _, f := range fractions {
		sum += f
		if !(f > 0) || sum > 1+1e-9 {
			return nil, fmt.Errorf("split %v: want positive fractions that sum to at most 1, such as 0.8,0.1,0.1", fractions)
		}
		to := min(int(math.Round(sum*float64(n))), n)
		if to == from {
			return nil, &ContentError{name, fmt.Sprintf("%d samples are too few to split by %v", n, fractions), "give more data, or leave the split out"}
		}
		rows := make([]int, to-from)
		for i := range rows {
			rows[i] = order.At(from + i)
		}
		part, err := Subset(src, rows)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		from = to
	}
	return parts, nil
}
