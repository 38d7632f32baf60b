package data

import (
	"cmp"
	"fmt"

	"github.com/emberml/ember/frame"
)

// fed is what a worker tells the others of its rows of one part of the data.
type fed struct {
	Columns frame.Schema // nil: it has none
	Counts  []int        // rows of each shard
}

// Use says what the rows are for. Those that come later are looked at as they come,
// which saves Sources from reading back what went to disk. It may be called once, by
// any goroutine, while Add is. Columns that do not fit are an error here, or of Add if
// they come later; what is wrong with single rows is one of Sources.
func (f *Feed) Use(o Options) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.use = &o
	var err error
	for p := range f.parts {
		if in := &f.parts[p]; in.columns != nil {
			err = cmp.Or(err, in.look(o))
		}
	}
	return err
}

// look begins to look at rows as samples: at those that are here, and from then on at
// those that come. Columns that do not fit are an error.
func (in *intake) look(o Options) error {
	if in.table, in.bad = newTable(in.name, "Spark", in.codec.schema, &o); in.bad != nil {
		return in.bad
	}
	if in.bad = in.store.seal(); in.bad == nil {
		in.bad = in.each(in.table.add)
	}
	return nil
}

// Sources returns the rows of all workers, which call it together when all rows have
// come: each a [Spread], or nil where no worker has a row of that part. A worker
// without any row takes part like all others. exchange hands bytes to all workers
// and returns those of all by rank, as that of a [Spread]; nil is that of a worker
// alone. It is called once. The options are those that Use was given, if it was called.
func (f *Feed) Sources(exchange func([]byte) ([][]byte, error), o Options) (train, valid, test Source, err error) {
	if exchange == nil {
		exchange = alone
	}
	if f.use == nil {
		_ = f.Use(o) // source tells, of all workers
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
		if sources[p], err = f.source(p, rows[p], told, exchange); err != nil {
			return nil, nil, nil, err
		}
	}
	return sources[0], sources[1], sources[2], nil
}

// source returns the rows that all workers have of a part; nil if there are none.
func (f *Feed) source(p int, rows [][]uint32, told []fed, exchange exchange) (Source, error) {
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
	if err := in.expect(columns, f.use); err != nil {
		return nil, err
	}
	if in.table == nil {
		return nil, in.bad
	}
	return in.spread(in.table, nil, shards, rows, exchange, in.bad)
}
