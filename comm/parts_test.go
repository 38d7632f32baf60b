package comm_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/emberml/ember/comm"
)

// treeSum is the definition: the first half of the parts plus the second.
func treeSum(s comm.Span, length int) []float32 {
	if s.Hi-s.Lo == 1 {
		return filled(s.Lo, length)
	}
	middle := (s.Lo + s.Hi) / 2
	sum := treeSum(comm.Span{Lo: s.Lo, Hi: middle}, length)
	for i, x := range treeSum(comm.Span{Lo: middle, Hi: s.Hi}, length) {
		sum[i] += x
	}
	return sum
}

// addParts sums the parts among the members and returns what each has.
func addParts(t *testing.T, links []comm.Transport, parts, length int) [][]float32 {
	t.Helper()
	results := make([][]float32, len(links))
	errs := each(t, links, comm.Options{Wire: comm.BFloat16}, func(g *comm.Group) error {
		var sums [][]float32
		for _, s := range comm.Spans(parts, g.Rank(), g.Size()) {
			sums = append(sums, treeSum(s, length))
		}
		err := g.StartParts(parts, sums).Wait(context.Background())
		results[g.Rank()] = sums[len(sums)-1]
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return results
}

// TestParts wants the same bits of any number of members, those of the
// definition.
func TestParts(t *testing.T) {
	for _, parts := range []int{1, 4, 5, 8, 13} {
		for _, length := range []int{0, 1, 1000, 280_001} {
			if length > 1000 && parts != 4 && parts != 13 {
				continue
			}
			want := treeSum(comm.Span{Lo: 0, Hi: parts}, length)
			for n := 1; n <= min(parts, 5); n++ {
				if length > 1000 && n > 3 {
					continue // two pieces of a share need no more members
				}
				for rank, got := range addParts(t, comm.Memory(n), parts, length) {
					if !sameBits(got, want) {
						t.Errorf("%d parts of %d numbers on %d members: rank %d has other bits", parts, length, n, rank)
					}
				}
			}
		}
	}
}

func TestPartsOverTCP(t *testing.T) {
	links, errs := meet(t, town(t, 3, true))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	want := treeSum(comm.Span{Lo: 0, Hi: 8}, 700_000)
	for rank, got := range addParts(t, links, 8, 700_000) {
		if !sameBits(got, want) {
			t.Errorf("rank %d has other bits", rank)
		}
	}
}

func TestSpans(t *testing.T) {
	for parts := 1; parts < 40; parts++ {
		for n := 1; n <= parts; n++ {
			at := 0
			for rank := range n {
				for _, s := range comm.Spans(parts, rank, n) {
					if s.Lo != at || s.Hi <= s.Lo || s.Hi > parts*(rank+1)/n {
						t.Fatalf("%d parts, rank %d of %d: %v after part %d", parts, rank, n, s, at)
					}
					at = s.Hi
				}
			}
			if at != parts {
				t.Fatalf("%d parts on %d members end at %d", parts, n, at)
			}
		}
	}
	if got := comm.Spans(8, 1, 3); !slices.Equal(got, []comm.Span{{Lo: 2, Hi: 4}, {Lo: 4, Hi: 5}}) {
		t.Errorf("got %v", got)
	}
}

func TestTooFewParts(t *testing.T) {
	for rank, err := range each(t, comm.Memory(3), comm.Options{}, func(g *comm.Group) error {
		return g.StartParts(2, [][]float32{make([]float32, 10)}).Wait(context.Background())
	}) {
		if e := (*comm.PeerError)(nil); !errors.As(err, &e) {
			t.Errorf("rank %d: %v", rank, err)
		}
	}
}
