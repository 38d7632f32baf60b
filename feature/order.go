package feature

import (
	"fmt"
	"slices"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/tensor"
)

// Part is what one virtual worker has of a batch: its samples Lo…Hi-1. It may be
// empty.
type Part struct {
	Number int // of the virtual worker, 0…BatchOptions.Parts-1
	Lo, Hi int // places in the batch as this rank has it
}

// order is the order of an epoch.
type order interface {
	// cut appends the rows that this rank reads of the places from…to-1 of the
	// epoch, part by part, and sets parts, whose numbers are set, to where they
	// are.
	cut(from, to int, rows []int, parts []Part) []int
}

// newOrder returns the order that o tells, whose Ranks and Parts are set.
func newOrder(src data.Source, o BatchOptions) (order, error) {
	random := func() *tensor.Rand { return tensor.RandStream(o.Seed, "shuffle").At(uint64(o.Epoch)) }
	spread, ok := src.(data.Spread)
	if !ok {
		p := &plainOrder{parts: o.Parts}
		if o.Shuffle {
			permutation := data.NewPermutation(src.Len(), random())
			p.permutation = &permutation
		}
		return p, nil
	}
	s := &spreadOrder{shards: spread.Shards(), place: make([]int, o.Parts)}
	lengths := make([]int, len(s.shards))
	for i, shard := range s.shards {
		if shard.Part < 0 || shard.Part >= o.Parts {
			return nil, fmt.Errorf("batches: shard %d of %s belongs to the virtual worker %d of %d: cut the data and the batches into as many parts", i, src.Schema().Name, shard.Part, o.Parts)
		}
		lengths[i] = shard.Len
		s.starts = append(s.starts, s.end)
		s.end += shard.Len
		if o.Shuffle {
			s.permutations = append(s.permutations, data.NewPermutation(shard.Len, random().At(uint64(i))))
		}
	}
	s.interleave = newInterleave(lengths)
	return s, nil
}

// plainOrder is the order of a source that every rank can read all of: part v of V
// is the places n·v/V…n·(v+1)/V-1 of a batch of n.
type plainOrder struct {
	parts       int
	permutation *data.Permutation // nil: as they are
}

func (p *plainOrder) cut(from, to int, rows []int, parts []Part) []int {
	n := to - from
	for i := range parts {
		part := &parts[i]
		part.Lo = len(rows)
		for at := from + n*part.Number/p.parts; at < from+n*(part.Number+1)/p.parts; at++ {
			row := at
			if p.permutation != nil {
				row = p.permutation.At(at)
			}
			rows = append(rows, row)
		}
		part.Hi = len(rows)
	}
	return rows
}

// spreadOrder is the order of a [data.Spread]: the shards, each in an order of its
// own, interleaved in proportion, so that every batch has as much of a shard as all
// others. A sample's part is that of its shard.
type spreadOrder struct {
	shards       []data.Shard
	starts       []int // first row of each shard
	end          int
	permutations []data.Permutation // of the shards; nil: as they are
	interleave   *interleave

	picked []pick // scratch: what a batch has of the parts of this rank
	place  []int  // scratch: by part, where its next row goes
}

// pick is a sample of a batch.
type pick struct{ part, row int }

func (s *spreadOrder) cut(from, to int, rows []int, parts []Part) []int {
	for v := range s.place {
		s.place[v] = -1
	}
	for i := range parts {
		s.place[parts[i].Number] = 0
	}
	s.picked = s.picked[:0]
	s.interleave.seek(from)
	for range to - from {
		shard, i := s.interleave.next()
		part := s.shards[shard].Part
		if s.place[part] < 0 {
			continue
		}
		s.place[part]++
		if s.permutations != nil {
			i = s.permutations[shard].At(i)
		}
		s.picked = append(s.picked, pick{part, s.starts[shard] + i})
	}
	at := len(rows)
	for i := range parts {
		part := &parts[i]
		part.Lo, part.Hi = at, at+s.place[part.Number]
		s.place[part.Number], at = at, part.Hi
	}
	rows = slices.Grow(rows, len(s.picked))[:at]
	for _, p := range s.picked {
		rows[s.place[p.part]] = p.row
		s.place[p.part]++
	}
	return rows
}
