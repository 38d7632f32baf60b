package data

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/emberml/ember/tensor"
)

// wrapped makes a source that is made of a [Spread] one itself.
type wrapped struct {
	Source
	shards   []Shard
	exchange exchange
}

// spreadLike returns made, whose rows are those of src, as a [Spread] if src is one.
func spreadLike(src, made Source) Source {
	if s, ok := src.(Spread); ok {
		return &wrapped{made, s.Shards(), s.Exchange}
	}
	return made
}

func (w *wrapped) Shards() []Shard                       { return w.shards }
func (w *wrapped) Exchange(msg []byte) ([][]byte, error) { return w.exchange(msg) }
func (w *wrapped) Target(rows []int, b *Batch) error     { return readTarget(w.Source, rows, b) }

// starts returns the first row of each shard, and the end.
func starts(shards []Shard) []int {
	s := make([]int, 1, len(shards)+1)
	for i := range shards {
		s = append(s, s[i]+shards[i].Len)
	}
	return s
}

// spreadSubset returns the given rows of a spread, shard by shard and in their order
// in each.
func spreadSubset(src Spread, rows []int) Source {
	shards := slices.Clone(src.Shards())
	from := starts(shards)
	shardOf := func(row int) int { return sort.SearchInts(from, row+1) - 1 }
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b int) int { return shardOf(a) - shardOf(b) })
	for i := range shards {
		shards[i].Len = 0
	}
	for _, r := range rows {
		shards[shardOf(r)].Len++
	}
	return &wrapped{&subset{src, len(rows), func(i int) int { return rows[i] }}, shards, src.Exchange}
}

// splitSpread cuts every shard in the given fractions, in an order of its own. What
// rounding takes from one shard, the next gives back. No list of rows is kept.
func splitSpread(src Spread, seed uint64, fractions []float64) ([]Source, error) {
	shards := src.Shards()
	base := starts(shards)
	orders := make([]Permutation, len(shards))
	ends := make([][]int, len(fractions)+1) // of each part in each shard; part 0 is empty
	ends[0] = make([]int, len(shards))
	for s := range shards {
		orders[s] = NewPermutation(shards[s].Len, tensor.RandStream(seed, "split").At(uint64(s)))
	}
	sum := 0.0
	for k, f := range fractions {
		sum += f
		ends[k+1] = make([]int, len(shards))
		taken := 0
		for s := range shards {
			want := int(math.Round(sum*float64(base[s+1]))) - taken
			ends[k+1][s] = min(max(want, ends[k][s]), shards[s].Len)
			taken += ends[k+1][s]
		}
	}
	parts := make([]Source, len(fractions))
	for k := range parts {
		mine := slices.Clone(shards)
		for s := range mine {
			mine[s].Len = ends[k+1][s] - ends[k][s]
		}
		from := starts(mine)
		if from[len(mine)] == 0 {
			return nil, tooFew(src, fractions)
		}
		at := func(i int) int {
			s := sort.SearchInts(from, i+1) - 1
			return base[s] + orders[s].At(ends[k][s]+i-from[s])
		}
		parts[k] = &wrapped{&subset{src, from[len(mine)], at}, mine, src.Exchange}
	}
	return parts, nil
}

func tooFew(src Source, fractions []float64) error {
	return &ContentError{src.Schema().Name, fmt.Sprintf("%d samples are too few to split by %v", src.Len(), fractions), "give more data, or leave the split out"}
}
