package data

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/emberml/ember/frame"
)

// The columns that rows bring along when they are fed to workers. They are no part
// of the data.
const (
	RowColumn   = "__ember_row"   // bigint: the order of the rows of a shard; such as a hash of the row
	ShardColumn = "__ember_shard" // int: the shard that the row belongs to
	PartColumn  = "__ember_part"  // int: 0 to train, 1 to validate, 2 to test; 0 without it
)

// feedParts is how many values PartColumn has.
const feedParts = 3

// FeedOptions says which worker of a group takes rows, and how it keeps them. The
// zero value is that of a worker alone.
type FeedOptions struct {
	Name        string // of the data, for messages; "rows" by default
	Rank, Ranks int    // of this worker; 0 of 0 is the same as 0 of 1
	Parts       int    // virtual workers; 0 means Ranks
	Shards      int    // 0 means FeedShards(Parts)
	Cache       CacheOptions

	// Memory is how many bytes a worker may spend on the places of rows and on
	// their targets, which stay in memory whatever goes to disk: about 32 for a
	// row. 0 means no bound.
	Memory int64
}

// rowMemory is what a row costs that is on disk: its number and place as it arrives,
// then its place in its shard, its target, and its turn in an epoch.
const rowMemory = 32

// FeedShards returns into how many shards rows are cut by default: at least 64, and
// as many for each virtual worker. The order of samples depends on it.
func FeedShards(parts int) int { return (64 + parts - 1) / parts * parts }

// Feed takes the rows of this worker's shards as they arrive, in any order, and keeps
// them: in memory, and what does not fit there on disk. Shard s of S belongs to the
// virtual worker [PartOf] tells, and that to the worker of [RankOf]. Add is called by
// one goroutine.
type Feed struct {
	o     FeedOptions
	mu    sync.Mutex // guards what follows until Sources
	parts [feedParts]intake
	rows  int64
	use   *Options // what rows are for, once that is known
}

// intake is the rows of one part of the data.
type intake struct {
	held
	shards [][]arrival
	table  *table // of the rows, once their use is known
	bad    error  // why they are of no use
}

// arrival is a row that came.
type arrival struct {
	ordinal int64
	row     uint32 // of the held ones
}

// NewFeed returns a feed without rows.
func NewFeed(o FeedOptions) (*Feed, error) {
	o.Ranks = max(o.Ranks, 1)
	if o.Parts == 0 {
		o.Parts = o.Ranks
	}
	if o.Shards == 0 && o.Parts > 0 {
		o.Shards = FeedShards(o.Parts)
	}
	if o.Name == "" {
		o.Name = "rows"
	}
	if o.Rank < 0 || o.Rank >= o.Ranks || o.Parts < 1 || o.Shards < 1 || o.Shards%o.Parts != 0 {
		return nil, fmt.Errorf("feed: rank %d of %d, %d shards of %d virtual workers: want the rank below the ranks, and as many shards for each", o.Rank, o.Ranks, o.Shards, o.Parts)
	}
	f := &Feed{o: o}
	b := newBudget(o.Cache)
	for p := range f.parts {
		f.parts[p] = intake{held: held{name: o.Name, store: newStore(o.Cache, b)}, shards: make([][]arrival, o.Shards)}
	}
	return f, nil
}

// Close gives back the memory and the temporary file. Nothing may use the sources
// any more.
func (f *Feed) Close() error {
	var err error
	for p := range f.parts {
		err = errors.Join(err, f.parts[p].store.close())
	}
	return err
}

// Add keeps the rows of a frame, which has the columns RowColumn and ShardColumn, and
// perhaps PartColumn, beside those of the data. A row of a shard that belongs to
// another worker is an error, and so is a frame with other columns than those before
// it; a full disk is a [*storage.SpaceError].
func (f *Feed) Add(rows *frame.Frame) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows += int64(rows.Rows()); f.o.Memory > 0 && f.rows > f.o.Memory/rowMemory {
		return fmt.Errorf("%s: more than %d rows came to worker %d, which is as many as its memory has room for the places of: use more workers, or give them more memory", f.o.Name, f.o.Memory/rowMemory, f.o.Rank)
	}
	h, err := f.origin(rows)
	if err != nil {
		return err
	}
	var names []string
	for _, name := range rows.Schema().Names() {
		if name != RowColumn && name != ShardColumn && name != PartColumn {
			names = append(names, name)
		}
	}
	visible, err := rows.Select(names...)
	if err != nil {
		return fmt.Errorf("%s: %w", f.o.Name, err)
	}
	encode := appender(nil)
	for lo, hi := 0, 0; lo < rows.Rows(); lo = hi {
		in := &f.parts[h.part(lo)]
		if err := in.expect(visible.Schema(), f.use); err != nil {
			return err
		}
		if encode == nil {
			encode = in.codec.encoder(visible)
		}
		for hi = lo; hi < rows.Rows() && h.part(hi) == h.part(lo); hi++ {
			row, err := in.keep(encode, hi)
			if err != nil {
				return err
			}
			shard := h.shards[hi]
			in.shards[shard] = append(in.shards[shard], arrival{h.ordinals[hi], row})
		}
		if in.table != nil && in.bad == nil {
			in.bad = in.table.add(visible.Slice(lo, hi))
		}
	}
	return nil
}

// origin is the columns that are no part of the data.
type origin struct {
	ordinals []int64
	shards   []int32
	parts    []int32 // nil: all 0
}

func (h *origin) part(i int) int {
	if h.parts == nil {
		return 0
	}
	return int(h.parts[i])
}

// origin returns the columns that say where rows belong, checked.
func (f *Feed) origin(rows *frame.Frame) (*origin, error) {
	for name, kind := range map[string]frame.Kind{RowColumn: frame.Int64, ShardColumn: frame.Int32, PartColumn: frame.Int32} {
		switch c := rows.ByName(name); {
		case c == nil && name == PartColumn:
		case c == nil:
			return nil, fmt.Errorf("%s: the rows came without the column %s", f.o.Name, name)
		case c.Type().Kind != kind || c.Nulls() > 0:
			return nil, fmt.Errorf("%s: the column %s is of type %v with %d values missing: want %v and none missing", f.o.Name, name, c.Type(), c.Nulls(), kind)
		}
	}
	h := &origin{ordinals: frame.Values[int64](rows.ByName(RowColumn)), shards: frame.Values[int32](rows.ByName(ShardColumn))}
	if c := rows.ByName(PartColumn); c != nil {
		h.parts = frame.Values[int32](c)
	}
	lo, hi := Owned(f.o.Parts, f.o.Rank, f.o.Ranks)
	for i, s := range h.shards {
		if s < 0 || int(s) >= f.o.Shards {
			return nil, fmt.Errorf("%s: a row is of shard %d, there are %d", f.o.Name, s, f.o.Shards)
		}
		if part := PartOf(int(s), f.o.Shards, f.o.Parts); part < lo || part >= hi {
			return nil, fmt.Errorf("%s: a row of shard %d came to worker %d, it belongs to worker %d", f.o.Name, s, f.o.Rank, RankOf(part, f.o.Parts, f.o.Ranks))
		}
		if p := h.part(i); p < 0 || p >= feedParts {
			return nil, fmt.Errorf("%s: %s is %d, want 0 to train, 1 to validate or 2 to test", f.o.Name, PartColumn, p)
		}
	}
	return h, nil
}

// expect compares columns with those that came before, and begins with the first.
func (in *intake) expect(columns frame.Schema, use *Options) error {
	switch {
	case in.columns == nil:
		if err := in.start(columns); err != nil {
			return err
		}
		if use != nil {
			return in.look(*use)
		}
	case !in.columns.Equal(columns):
		return fmt.Errorf("%s: the columns are %v, those of the rows before %v", in.name, columns, in.columns)
	}
	return nil
}

// order returns for each shard its rows, sorted, and forgets how they arrived. Rows
// with the same number are in an order that follows from what they hold, so that it
// is the same wherever they came from.
func (in *intake) order() ([][]uint32, error) {
	if err := in.store.seal(); err != nil {
		return nil, err
	}
	rows := make([][]uint32, len(in.shards))
	for s, arrivals := range in.shards {
		slices.SortFunc(arrivals, func(a, b arrival) int {
			return cmp.Or(cmp.Compare(a.ordinal, b.ordinal), cmp.Compare(a.row, b.row))
		})
		rows[s] = make([]uint32, len(arrivals))
		for i, a := range arrivals {
			rows[s][i] = a.row
		}
		for from := 0; from < len(arrivals); {
			to := from + 1
			for to < len(arrivals) && arrivals[to].ordinal == arrivals[from].ordinal {
				to++
			}
			if to > from+1 {
				if err := in.sortByContent(rows[s][from:to]); err != nil {
					return nil, err
				}
			}
			from = to
		}
		in.shards[s] = nil
	}
	return rows, nil
}

// sortByContent sorts rows by a hash of what they hold.
func (in *intake) sortByContent(rows []uint32) error {
	type hashed struct {
		sum [sha256.Size]byte
		row uint32
	}
	all := make([]hashed, len(rows))
	for i, row := range rows {
		all[i].row = row
		err := in.store.read([]int{int(row)}, func(b []byte) error {
			all[i].sum = sha256.Sum256(b)
			return nil
		})
		if err != nil {
			return err
		}
	}
	slices.SortFunc(all, func(a, b hashed) int { return bytes.Compare(a.sum[:], b.sum[:]) })
	for i := range all {
		rows[i] = all[i].row
	}
	return nil
}
