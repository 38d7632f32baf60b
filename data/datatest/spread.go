package datatest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/emberml/ember/data"
)

// Exchanges returns the Exchange of each of n workers in this process. As the ones
// of a group, they return when all workers have called theirs.
func Exchanges(n int) []func(msg []byte) ([][]byte, error) {
	r := &round{left: n, msgs: make([][]byte, n), done: make(chan struct{})}
	m := &meeting{now: r, size: n}
	all := make([]func([]byte) ([][]byte, error), n)
	for rank := range all {
		all[rank] = func(msg []byte) ([][]byte, error) { return m.exchange(rank, msg), nil }
	}
	return all
}

// meeting is workers that exchange messages, round by round.
type meeting struct {
	mu   sync.Mutex
	size int
	now  *round
}

type round struct {
	left int
	msgs [][]byte
	done chan struct{}
}

func (m *meeting) exchange(rank int, msg []byte) [][]byte {
	m.mu.Lock()
	r := m.now
	r.msgs[rank] = append([]byte{}, msg...)
	if r.left--; r.left == 0 {
		m.now = &round{left: m.size, msgs: make([][]byte, m.size), done: make(chan struct{})}
		close(r.done)
	}
	m.mu.Unlock()
	<-r.done
	return r.msgs
}

// Spread returns what each of the given number of workers has of src as a
// [data.Spread] with shards of the given lengths, which are those of src together.
// Of S shards, shard s is of part s·parts/S, and a worker has the parts that
// [data.Owned] gives it.
func Spread(src data.Source, lengths []int, parts, workers int) []data.Spread {
	exchange := Exchanges(workers)
	all := make([]data.Spread, workers)
	for rank := range all {
		lo, hi := data.Owned(parts, rank, workers)
		m := &member{Source: src, exchange: exchange[rank]}
		for s, n := range lengths {
			part := data.PartOf(s, len(lengths), parts)
			m.shards = append(m.shards, data.Shard{Len: n, Part: part, Here: part >= lo && part < hi})
		}
		all[rank] = m
	}
	return all
}

// member is what a worker has of a source that is whole in fact.
type member struct {
	data.Source
	shards   []data.Shard
	exchange func([]byte) ([][]byte, error)
}

func (m *member) Shards() []data.Shard                  { return m.shards }
func (m *member) Exchange(msg []byte) ([][]byte, error) { return m.exchange(msg) }

func (m *member) Read(rows []int, b *data.Batch) error {
	for _, r := range rows {
		from := 0
		for _, s := range m.shards {
			if r >= from && r < from+s.Len && !s.Here {
				return fmt.Errorf("%s: sample %d is at another worker", m.Schema().Name, r)
			}
			from += s.Len
		}
	}
	return m.Source.Read(rows, b)
}

// Each runs do for all workers at once and returns what they computed, by rank. An
// error ends the test.
func Each[T any](t *testing.T, workers []data.Spread, do func(rank int, src data.Spread) (T, error)) []T {
	t.Helper()
	results, errs := make([]T, len(workers)), make([]error, len(workers))
	var all sync.WaitGroup
	for rank, src := range workers {
		all.Go(func() { results[rank], errs[rank] = do(rank, src) })
	}
	all.Wait()
	for rank, err := range errs {
		if err != nil {
			t.Fatalf("worker %d of %d: %v", rank, len(workers), err)
		}
	}
	return results
}
