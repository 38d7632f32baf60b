package data

import (
	"fmt"
	"math"
	"sort"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/tensor"
)

// held is rows that this worker keeps: of a table of which every worker keeps some.
type held struct {
	name    string
	columns frame.Schema // nil before the first frame
	codec   *codec
	store   *store
}

// start says what the columns are.
func (h *held) start(columns frame.Schema) (err error) {
	h.columns = columns
	h.codec, err = newCodec(h.name, columns)
	return err
}

// keep keeps row i of the frame that encode is of, and returns which of the rows here
// it is.
func (h *held) keep(encode appender, i int) (uint32, error) {
	row := h.store.len()
	if row > math.MaxUint32 {
		return 0, fmt.Errorf("%s: a worker holds no more than %d rows: use more of them", h.name, uint32(math.MaxUint32))
	}
	return uint32(row), h.store.add(func(b []byte) []byte { return encode(b, i) })
}

// each calls do with all rows, in the order in which they came.
func (h *held) each(do func(f *frame.Frame) error) error {
	var rows []int
	for _, b := range h.store.blocks {
		rows = rows[:0]
		for i := range b.n {
			rows = append(rows, b.first+i)
		}
		f, err := h.codec.read(h.store, rows)
		if err != nil {
			return err
		}
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// spread returns the samples of all workers. The rows held here were added to t, or
// err says why not; like is as that of [table.like], or nil. rows tells for each
// shard that is here which of the rows are its, in their order.
func (h *held) spread(t *table, like *Schema, shards []Shard, rows [][]uint32, exchange exchange, err error) (Spread, error) {
	if _, err := agree(exchange, h.name, true, err); err != nil {
		return nil, err
	}
	if err := t.agree(exchange); err != nil {
		return nil, err
	}
	t.like(like)
	local, err := t.source(localRows{h})
	if err != nil {
		return nil, err
	}
	y, err := Targets(local)
	if err != nil {
		return nil, err
	}
	return &heldSpread{h, t, y, rows, shards, starts(shards), exchange}, nil
}

// localRows is held rows as those of a table.
type localRows struct{ *held }

func (r localRows) Len() int { return r.store.len() }

func (r localRows) At(row int) (*frame.Frame, int, error) {
	f, err := r.codec.read(r.store, []int{row})
	return f, 0, err
}

// heldSpread is the samples of held rows and of those of the other workers.
type heldSpread struct {
	held     *held
	table    *table
	y        *tensor.Tensor // of the held rows
	rows     [][]uint32     // of each shard: which of the held ones they are
	shards   []Shard
	starts   []int
	exchange exchange
}

func (s *heldSpread) Schema() *Schema                       { return &s.table.schema }
func (s *heldSpread) Len() int                              { return s.starts[len(s.shards)] }
func (s *heldSpread) Shards() []Shard                       { return s.shards }
func (s *heldSpread) Exchange(msg []byte) ([][]byte, error) { return s.exchange(msg) }

func (s *heldSpread) Target(rows []int, b *Batch) error {
	if err := s.locate(rows, b); err != nil {
		return err
	}
	b.SetIndex(rows)
	b.setTarget(s.y, b.local)
	return nil
}

func (s *heldSpread) Read(rows []int, b *Batch) error {
	if err := s.locate(rows, b); err != nil {
		return err
	}
	f, err := s.held.codec.read(s.held.store, b.local)
	if err != nil {
		return fmt.Errorf("%s: %w", s.held.name, err)
	}
	var read frames
	read.add(f)
	places := make([]int, len(rows))
	for i := range places {
		places[i] = i
	}
	if err := (&tableSource{table: s.table, rows: &read}).Read(places, b); err != nil {
		return err
	}
	b.SetIndex(rows)
	b.setTarget(s.y, b.local)
	return nil
}

// locate sets b.local to where the given rows are held.
func (s *heldSpread) locate(rows []int, b *Batch) error {
	if err := checkRows(s.held.name, rows, s.Len()); err != nil {
		return err
	}
	b.local = b.local[:0]
	for _, r := range rows {
		shard := sort.SearchInts(s.starts, r+1) - 1
		if !s.shards[shard].Here {
			return fmt.Errorf("%s: sample %d is in shard %d, which another worker holds", s.held.name, r, shard)
		}
		b.local = append(b.local, int(s.rows[shard][r-s.starts[shard]]))
	}
	return nil
}
