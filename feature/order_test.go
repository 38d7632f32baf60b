package feature_test

import (
	"fmt"
	"io"
	"math/rand"
	"slices"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/data/datatest"
	"github.com/emberml/ember/feature"
)

// cuts is the indices of each part of each batch, of one rank.
func cuts(t *testing.T, src data.Source, o feature.BatchOptions) []map[int][]int64 {
	t.Helper()
	b, err := feature.NewBatches(t.Context(), src, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var all []map[int][]int64
	for {
		batch, err := b.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		parts, at := map[int][]int64{}, 0
		for _, p := range b.Parts() {
			if p.Lo != at {
				t.Fatalf("part %d begins at %d, the one before ends at %d", p.Number, p.Lo, at)
			}
			parts[p.Number], at = slices.Clone(batch.Index[p.Lo:p.Hi]), p.Hi
		}
		if at != batch.Len() {
			t.Fatalf("the parts have %d samples, the batch %d", at, batch.Len())
		}
		all = append(all, parts)
	}
}

// Any number of ranks, put together, has in every part of every batch what one rank
// has there; and every sample comes once.
func checkRanks(t *testing.T, workers func(ranks int) []data.Source, n int, o feature.BatchOptions) {
	t.Helper()
	want := cuts(t, workers(1)[0], o)
	if batches := (n - o.Start + o.Size - 1) / o.Size; len(want) != batches {
		t.Fatalf("%d batches, want %d", len(want), batches)
	}
	var seen []int64
	for i, parts := range want {
		size := 0
		for v := range o.Parts {
			seen, size = append(seen, parts[v]...), size+len(parts[v])
		}
		if i < len(want)-1 && size != o.Size {
			t.Fatalf("batch %d has %d samples, want %d", i, size, o.Size)
		}
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != n-o.Start {
		t.Fatalf("%d samples, of which %d differ, want %d", len(seen), len(slices.Compact(seen)), n-o.Start)
	}
	for ranks := 2; ranks <= 5; ranks++ {
		got := make([]map[int][]int64, len(want))
		for i := range got {
			got[i] = map[int][]int64{}
		}
		for rank, src := range workers(ranks) {
			o.Rank, o.Ranks = rank, ranks
			mine := cuts(t, src, o)
			if len(mine) != len(want) {
				t.Fatalf("rank %d of %d has %d batches, want %d", rank, ranks, len(mine), len(want))
			}
			for i, parts := range mine {
				for v, indices := range parts {
					if _, twice := got[i][v]; twice {
						t.Fatalf("part %d is at two ranks", v)
					}
					got[i][v] = indices
				}
			}
		}
		for i := range want {
			for v := range o.Parts {
				if !slices.Equal(got[i][v], want[i][v]) {
					t.Fatalf("%d ranks: part %d of batch %d is %v, want %v", ranks, v, i, got[i][v], want[i][v])
				}
			}
		}
	}
}

func TestPartsOfPlainSources(t *testing.T) {
	for _, o := range []feature.BatchOptions{
		{Size: 10, Parts: 4, Shuffle: true, Seed: 1},
		{Size: 3, Parts: 8},
		{Size: 100, Parts: 3, Shuffle: true, Epoch: 2},
		{Size: 7, Parts: 4, Start: 14, Shuffle: true},
	} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			checkRanks(t, func(ranks int) []data.Source { return slices.Repeat([]data.Source{numbered(t, 53)}, ranks) }, 53, o)
		})
	}
}

func TestPartsOfSpreads(t *testing.T) {
	r := rand.New(rand.NewSource(5))
	for range 60 {
		parts := 1 + r.Intn(6)
		lengths := make([]int, parts*(1+r.Intn(4)))
		n := 0
		for s := range lengths {
			if r.Intn(3) > 0 {
				lengths[s] = r.Intn(30)
			}
			n += lengths[s]
		}
		o := feature.BatchOptions{Size: 1 + r.Intn(40), Parts: parts, Shuffle: r.Intn(2) == 0, Seed: uint64(r.Intn(9)), Epoch: r.Intn(3)}
		checkRanks(t, func(ranks int) []data.Source {
			var out []data.Source
			for _, s := range datatest.Spread(numbered(t, n), lengths, parts, ranks) {
				out = append(out, s)
			}
			return out
		}, n, o)
	}
}

// An epoch that starts anywhere goes on as the whole one does there.
func TestSpreadStarts(t *testing.T) {
	lengths := []int{1, 0, 40, 3, 17, 17, 2, 900}
	src := datatest.Spread(numbered(t, 980), lengths, 4, 1)[0]
	o := feature.BatchOptions{Size: 9, Parts: 4, Shuffle: true, Seed: 3}
	whole := cuts(t, src, o)
	for i := range whole {
		o.Start = i * o.Size
		rest := cuts(t, src, o)
		for v := range o.Parts {
			if len(rest) != len(whole)-i || !slices.Equal(rest[0][v], whole[i][v]) {
				t.Fatalf("batch %d after a start there has %v, want %v", i, rest[0], whole[i])
			}
		}
	}
}

// Every batch has of a shard what is in proportion, give or take one at each end.
func TestSpreadIsProportional(t *testing.T) {
	lengths := []int{500, 100, 0, 250, 150}
	src := datatest.Spread(numbered(t, 1000), lengths, 1, 1)[0]
	for i, batch := range cuts(t, src, feature.BatchOptions{Size: 50, Parts: 1, Shuffle: true}) {
		count, from := make([]int, len(lengths)), 0
		for s, n := range lengths {
			for _, index := range batch[0] {
				if int(index) >= from && int(index) < from+n {
					count[s]++
				}
			}
			from += n
			if d := count[s] - n*50/1000; d < -1 || d > 1 {
				t.Errorf("batch %d has %v of shards of %v", i, count, lengths)
			}
		}
	}
}

func TestSpreadNeedsItsParts(t *testing.T) {
	src := datatest.Spread(numbered(t, 9), []int{3, 3, 3}, 3, 1)[0]
	if b, err := feature.NewBatches(t.Context(), src, nil, feature.BatchOptions{Parts: 2}); err == nil {
		b.Close()
		t.Error("2 parts of a source of 3 were accepted")
	}
}
