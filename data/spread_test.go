package data_test

import (
	"testing"

	"github.com/emberml/ember/data"
)

// Every part has one owner, whichever way one asks.
func TestOwners(t *testing.T) {
	for parts := 1; parts <= 20; parts++ {
		for ranks := 1; ranks <= 20; ranks++ {
			next := 0
			for rank := range ranks {
				lo, hi := data.Owned(parts, rank, ranks)
				if lo != next {
					t.Fatalf("rank %d of %d begins at part %d, want %d", rank, ranks, lo, next)
				}
				for part := lo; part < hi; part++ {
					if got := data.RankOf(part, parts, ranks); got != rank {
						t.Errorf("part %d of %d is of rank %d of %d, want %d", part, parts, got, ranks, rank)
					}
				}
				next = hi
			}
			if next != parts {
				t.Errorf("%d ranks have %d of %d parts", ranks, next, parts)
			}
		}
	}
}
