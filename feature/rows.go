package feature

import (
	"context"
	"io"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/tensor"
)

// Rows is the samples that a [Fitter] learns from; see [Learn].
type Rows struct {
	src  data.Source
	each func(src data.Source, do func(x *tensor.Tensor) error) error
}

// Learn returns what a step learns from all samples: fit learns from some of them,
// which each gives in batches [n, sample…], and merge adds what was learned from
// others. Of a [data.Spread], fit learns from one shard after another, and the
// shards of all workers are merged in their order, so that any number of workers
// learns the same, bit for bit. T is a type that encoding/gob knows how to write.
func Learn[T any](rows Rows, fit func(each func(do func(x *tensor.Tensor) error) error) (T, error), merge func(into *T, from T)) (T, error) {
	learn := func(src data.Source) (T, error) {
		return fit(func(do func(x *tensor.Tensor) error) error { return rows.each(src, do) })
	}
	spread, ok := rows.src.(data.Spread)
	if !ok {
		return learn(rows.src)
	}
	mine, err := learnShards(spread, learn)
	var out T
	all, err := data.Agree(rows.src, mine, err)
	if err != nil {
		return out, err
	}
	first := true
	for s := range spread.Shards() {
		for _, learned := range all {
			switch shard, ok := learned[s]; {
			case !ok:
			case first:
				out, first = shard, false
			default:
				merge(&out, shard)
			}
		}
	}
	return out, nil
}

// learnShards returns what is learned from each shard that is here and holds
// samples.
func learnShards[T any](src data.Spread, learn func(data.Source) (T, error)) (map[int]T, error) {
	learned := map[int]T{}
	start := 0
	for i, s := range src.Shards() {
		if s.Here && s.Len > 0 {
			var err error
			if learned[i], err = learn(&shard{Source: src, start: start, n: s.Len}); err != nil {
				return nil, err
			}
		}
		start += s.Len
	}
	return learned, nil
}

// shard is one of the shards of a spread, as a source by itself. It is read by one
// goroutine.
type shard struct {
	data.Source
	start, n int
	rows     []int
}

func (s *shard) Len() int { return s.n }

func (s *shard) Read(rows []int, b *data.Batch) error {
	s.rows = s.rows[:0]
	for _, r := range rows {
		s.rows = append(s.rows, s.start+r)
	}
	return s.Source.Read(s.rows, b)
}

// eachBatch calls do with all samples of src after the first n graph steps.
func (p *Pipeline) eachBatch(ctx context.Context, src data.Source, n int, do func(x *tensor.Tensor) error) error {
	batches, err := NewBatches(ctx, src, p, BatchOptions{Size: 256})
	if err != nil {
		return err
	}
	defer batches.Close()
	for {
		b, err := batches.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		x, err := p.evaluate(b.X, n)
		if err != nil {
			return err
		}
		if err := do(x); err != nil {
			return err
		}
	}
}
