package data

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"iter"
)

// exchange is the Exchange of a [Spread].
type exchange = func(msg []byte) ([][]byte, error)

// alone is that of a worker alone.
func alone(msg []byte) ([][]byte, error) { return [][]byte{msg}, nil }

// Agree hands what this worker found in src to all workers, and returns what they
// found, by rank; of a source that is no [Spread], it is mine alone. If one of
// them failed, all get an error: err where it is not nil, so nobody waits for a
// worker that gave up. T is a type that encoding/gob knows how to write.
func Agree[T any](src Source, mine T, err error) ([]T, error) {
	spread, ok := src.(Spread)
	if !ok {
		return []T{mine}, err
	}
	return agree(spread.Exchange, src.Schema().Name, mine, err)
}

// agree is [Agree] by the exchange of a group, about the data of the given name.
func agree[T any](exchange exchange, name string, mine T, err error) ([]T, error) {
	message := finding[T]{Value: mine}
	if err != nil {
		message = finding[T]{Error: err.Error()}
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(message); err != nil {
		return nil, err
	}
	answers, lost := exchange(b.Bytes())
	if err != nil {
		return nil, err
	}
	if lost != nil {
		return nil, fmt.Errorf("%s: agree with the other workers: %w", name, lost)
	}
	all := make([]T, len(answers))
	for rank, answer := range answers {
		var f finding[T]
		if err := gob.NewDecoder(bytes.NewReader(answer)).Decode(&f); err != nil {
			return nil, fmt.Errorf("%s: the message of worker %d: %w", name, rank, err)
		}
		if f.Error != "" {
			return nil, fmt.Errorf("worker %d: %s", rank, f.Error)
		}
		all[rank] = f.Value
	}
	return all, nil
}

// finding is what agree sends.
type finding[T any] struct {
	Error string
	Value T
}

// chunk is a run of rows of a source that are read together.
type chunk struct {
	shard int // that the rows are of; 0 of a source that is not spread
	rows  []int
}

// chunks returns the rows of src that are here, at most size at a time and all of
// one shard. The slice of rows is used again.
func chunks(src Source, size int) iter.Seq[chunk] {
	shards := []Shard{{Len: src.Len(), Here: true}}
	if spread, ok := src.(Spread); ok {
		shards = spread.Shards()
	}
	return func(yield func(chunk) bool) {
		var rows []int
		start := 0
		for i, s := range shards {
			for from := 0; s.Here && from < s.Len; from += size {
				rows = rows[:0]
				for row := from; row < min(from+size, s.Len); row++ {
					rows = append(rows, start+row)
				}
				if !yield(chunk{i, rows}) {
					return
				}
			}
			start += s.Len
		}
	}
}
