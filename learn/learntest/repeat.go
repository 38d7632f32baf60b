package learntest

import (
	"bytes"
	"sync"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/model"
)

// sameSeed: equal learners give the same file.
func sameSeed(t *testing.T, s *suite) {
	same(t, "fitted again", s.fit(t, Settings{Seed: 1}), s.fit(t, Settings{Seed: 1}))
}

// otherSeed: the seed is used.
func otherSeed(t *testing.T, s *suite) {
	a := s.predictions(t, s.fit(t, Settings{Seed: 1}), s.set, 64)
	b := s.predictions(t, s.fit(t, Settings{Seed: 2}), s.set, 64)
	if bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("seeds 1 and 2 give the same predictions")
	}
}

// threads: their number does not change a bit.
func threads(t *testing.T, s *suite) {
	one := s.fit(t, Settings{Threads: 1})
	for _, n := range []int{2, 3} {
		same(t, "1 thread and more", one, s.fit(t, Settings{Threads: n}))
	}
}

// usedAgain: a fit leaves nothing behind in the learner, also after other data.
func usedAgain(t *testing.T, s *suite) {
	l := s.New(Settings{Seed: 1})
	all := learn.Data{Train: s.set.source(t)}
	first := fit(t, l, all, nil)
	fit(t, l, learn.Data{Train: s.half(0).source(t)}, nil)
	same(t, "fitted again after other data", first, fit(t, l, all, nil))
}

// half is every other sample.
func (s *suite) half(from int) *table {
	var rows []int
	for i := from; i < s.set.len(); i += 2 {
		rows = append(rows, i)
	}
	return s.set.pick(rows)
}

// concurrent: fits at the same time do not touch one another.
func concurrent(t *testing.T, s *suite) {
	var models [2]*model.Model
	var all sync.WaitGroup
	for i := range models {
		all.Go(func() {
			m, err := s.New(Settings{Seed: 1}).Fit(t.Context(), comm.Solo(), learn.Data{Train: s.set.source(t)}, nil)
			if err != nil {
				t.Error(err)
			}
			models[i] = m
		})
	}
	all.Wait()
	if !t.Failed() {
		same(t, "fitted at the same time", models[0], models[1])
	}
}

// anyBatch: any batch size goes, with whatever is left for the last batch.
func anyBatch(t *testing.T, s *suite) {
	n := s.set.len()
	for _, batch := range []int{2, 7, n - 1, n, n + 5} {
		s.finite(t, s.fit(t, Settings{Batch: batch}), s.set)
	}
}

// twoSamples: that is enough to learn from.
func twoSamples(t *testing.T, s *suite) {
	rows := []int{0, 1}
	if s.set.schema.Target.Kind == data.Classes {
		rows = []int{s.set.ofClass(0)[0], s.set.ofClass(1)[0]}
	}
	d := s.set.pick(rows)
	s.finite(t, fit(t, s.New(Settings{}), learn.Data{Train: d.source(t)}, nil), d)
}
