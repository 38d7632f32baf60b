package data

import (
	"fmt"
	"math"

	"github.com/emberml/ember/tensor"
)

// subset is n rows of a source in a given order.
type subset struct {
	Source
	n  int
	at func(i int) int // row of the source, of 0…n-1
}

// Subset returns the source of the given rows of src, in that order; of a [Spread],
// shard by shard. Its batches have the indices of src.
func Subset(src Source, rows []int) (Source, error) {
	if err := checkRows(src.Schema().Name, rows, src.Len()); err != nil {
		return nil, err
	}
	if spread, ok := src.(Spread); ok {
		return spreadSubset(spread, rows), nil
	}
	return newSubset(src, len(rows), func(i int) int { return rows[i] }), nil
}

func newSubset(src Source, n int, at func(i int) int) Source {
	s := subset{src, n, at}
	if sampler, ok := src.(Sampler); ok {
		return &samplerSubset{s, sampler}
	}
	return &s
}

func (s *subset) Len() int { return s.n }

func (s *subset) Read(rows []int, b *Batch) error   { return s.read(Source.Read, rows, b) }
func (s *subset) Target(rows []int, b *Batch) error { return s.read(readTarget, rows, b) }

// read reads the rows of the underlying source with a method of it.
func (s *subset) read(read func(Source, []int, *Batch) error, rows []int, b *Batch) error {
	if err := checkRows(s.Schema().Name, rows, s.n); err != nil {
		return err
	}
	outer := b.rows[:0]
	for _, r := range rows {
		outer = append(outer, s.at(r))
	}
	b.rows = nil // the source may be a subset too
	err := read(s.Source, outer, b)
	b.rows = outer
	return err
}

// samplerSubset is a subset of a Sampler.
type samplerSubset struct {
	subset
	sampler Sampler
}

func (s *samplerSubset) Sample(row int) (*tensor.Tensor, error) {
	if err := checkRows(s.Schema().Name, []int{row}, s.n); err != nil {
		return nil, err
	}
	return s.sampler.Sample(s.at(row))
}

// Split cuts src into parts of the given fractions, which are positive and sum to
// at most 1, in an order drawn by seed. Sizes are rounded so that no sample is in
// two parts and, if the fractions sum to 1, each is in one; a part that would be
// empty is an error. A [Spread] is cut shard by shard, whatever the number of
// workers.
func Split(src Source, seed uint64, fractions ...float64) ([]Source, error) {
	sum := 0.0
	for _, f := range fractions {
		sum += f
		if !(f > 0) || sum > 1+1e-9 {
			return nil, fmt.Errorf("split %v: want positive fractions that sum to at most 1, such as 0.8,0.1,0.1", fractions)
		}
	}
	if spread, ok := src.(Spread); ok {
		return splitSpread(spread, seed, fractions)
	}
	n := src.Len()
	order := NewPermutation(n, tensor.RandStream(seed, "split"))
	var parts []Source
	sum = 0
	from := 0
	for _, f := range fractions {
		sum += f
		to := min(int(math.Round(sum*float64(n))), n)
		if to == from {
			return nil, tooFew(src, fractions)
		}
		first := from
		parts = append(parts, newSubset(src, to-from, func(i int) int { return order.At(first + i) }))
		from = to
	}
	return parts, nil
}
