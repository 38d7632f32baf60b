package data

import (
	"fmt"

	"github.com/emberml/ember/frame"
)

// fed is what a worker tells the others of its rows of one part of the data.
type fed struct {
	Columns frame.Schema // nil: it has none
	Counts  []int        // rows of each shard
}

// Sources returns the rows of all workers, which call it together when all rows have
// come: each a [Spread], or nil where no worker has a row of that part. A worker
// without any row takes part like all others. exchange hands bytes to all workers
// and returns those of all by rank, as that of a [Spread]; nil is that of a worker
// alone. It is called once.
func (f *Feed) Sources(exchange func([]byte) ([][]byte, error), o Options) (train, valid, test Source, err error) {
	if exchange == nil {
		exchange = alone
	}
	var rows [feedParts][][]uint32
	mine := make([]fed, feedParts)
	for p := range f.parts {
		in := &f.parts[p]
		if rows[p], err = in.order(); err != nil {
			break
		}
		mine[p] = fed{in.columns, make([]int, len(rows[p]))}
		for s := range rows[p] {
			mine[p].Counts[s] = len(rows[p][s])
		}
	}
	all, err := agree(exchange, f.o.Name, mine, err)
	if err != nil {
		return nil, nil, nil, err
	}
	var sources [feedParts]Source
	for p := range sources {
		told := make([]fed, len(all))
		for rank := range all {
			told[rank] = all[rank][p]
		}
		if sources[p], err = f.source(p, rows[p], told, exchange, o); err != nil {
			return nil, nil, nil, err
		}
	}
	return sources[0], sources[1], sources[2], nil
}

// source returns the rows that all workers have of a part; nil if there are none.
func (f *Feed) source(p int, rows [][]uint32, told []fed, exchange exchange, o Options) (Source, error) {
	in := &f.parts[p]
	shards := make([]Shard, f.o.Shards)
	lo, hi := Owned(f.o.Parts, f.o.Rank, f.o.Ranks)
	var columns frame.Schema
	for rank, t := range told {
		switch {
		case t.Columns == nil:
		case columns == nil:
			columns = t.Columns
		case !columns.Equal(t.Columns):
			return nil, fmt.Errorf("%s: worker %d has the columns %v, another %v", f.o.Name, rank, t.Columns, columns)
		}
		for s, n := range t.Counts {
			shards[s].Len += n
		}
	}
	if columns == nil {
		return nil, nil
	}
	for s := range shards {
		shards[s].Part = PartOf(s, len(shards), f.o.Parts)
		shards[s].Here = shards[s].Part >= lo && shards[s].Part < hi
	}
	if in.columns == nil {
		if err := in.start(columns); err != nil {
			return nil, err
		}
	}
	t, err := newTable(f.o.Name, "Spark", in.codec.schema, &o)
	if err != nil {
		return nil, err
	}
	return in.spread(t, nil, shards, rows, exchange, in.each(t.add))
}
