package data

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/emberml/ember/storage"
)

// Membership says which worker of a group reads a data set. The zero value is a
// worker alone.
type Membership struct {
	Rank, Ranks int // of this worker; 0 of 0 is the same as 0 of 1
	Parts       int // virtual workers; 0 means Ranks
	// Exchange is as that of a [Spread]; nil is that of a worker alone.
	Exchange func(msg []byte) ([][]byte, error)
	// Cache says where the rows of this worker are kept.
	Cache CacheOptions
}

// OpenSpread opens a data source as all workers of a group do together. Of Parquet
// files each worker reads its share only, and the training part is a [Spread] whose
// shards are the row groups: they are dealt to the virtual workers, the largest
// first, each to the one that has the fewest rows. Of an IDX or npz file of another
// machine that is not packed it reads a run of samples, and all targets: the shards
// are as many for each virtual worker. What is in other formats, or on this machine,
// is opened as [Open] does, by every worker.
func OpenSpread(ctx context.Context, spec string, o Options, m Membership) (*Dataset, error) {
	m.Ranks = max(m.Ranks, 1)
	if m.Parts == 0 {
		m.Parts = m.Ranks
	}
	if m.Exchange == nil {
		m.Exchange = alone
	}
	if m.Rank < 0 || m.Rank >= m.Ranks || m.Parts < 0 {
		return nil, fmt.Errorf("open %s: rank %d of %d, %d virtual workers: want the rank below the ranks", spec, m.Rank, m.Ranks, m.Parts)
	}
	names, err := findParquet(ctx, spec)
	if err == nil && names == nil {
		o.share = &m
		return Open(ctx, spec, o)
	}
	var p *Parquet
	if err == nil {
		p, err = OpenParquet(ctx, names...)
	}
	if p != nil {
		defer p.Close()
	}
	if err := m.sameGroups(spec, p, err); err != nil {
		return nil, err
	}
	d := &Dataset{Name: spec}
	if d.Train, err = d.openGroups(ctx, p, &o, m); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// findParquet returns the Parquet files that spec names; none if it is of another
// kind.
func findParquet(ctx context.Context, spec string) ([]string, error) {
	info, err := storage.Stat(ctx, spec)
	switch {
	case errors.Is(err, fs.ErrNotExist) && storage.HasGlob(spec):
		infos, err := storage.Glob(ctx, spec)
		return parquetNames(infos), err
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil // the name of a built-in set, or an error of Open
	case err != nil:
		return nil, err
	case info.Dir:
		infos, err := storage.List(ctx, info.Name)
		return parquetNames(infos), err
	}
	return parquetNames([]storage.Info{info}), nil
}

// sameGroups makes sure that all workers see the same row groups.
func (m *Membership) sameGroups(spec string, p *Parquet, err error) error {
	var mine [sha256.Size]byte
	if err == nil {
		var text []byte
		if text, err = json.Marshal(p.Groups()); err == nil {
			mine = sha256.Sum256(text)
		}
	}
	all, err := agree(m.Exchange, spec, mine, err)
	if err != nil {
		return err
	}
	for rank, sum := range all {
		if sum != mine {
			return fmt.Errorf("%s: worker %d sees other files than worker %d: give all of them the same storage, and leave it alone while they read", spec, rank, m.Rank)
		}
	}
	return nil
}

// openGroups reads the row groups of this worker.
func (d *Dataset) openGroups(ctx context.Context, p *Parquet, o *Options, m Membership) (Source, error) {
	t, columns, err := p.table(d.Name, o)
	if err != nil {
		return nil, err
	}
	d.rows = newStore(m.Cache, newBudget(m.Cache))
	h := &held{name: d.Name, store: d.rows}
	if err := h.start(t.columns); err != nil {
		return nil, err
	}
	shards := dealGroups(p.Groups(), m)
	rows := make([][]uint32, len(shards))
	read := func(g int) error {
		f, err := p.Read(ctx, g, columns...)
		if err != nil {
			return err
		}
		if err := t.add(f); err != nil {
			return err
		}
		encode := h.codec.encoder(f)
		for i := range f.Rows() {
			row, err := h.keep(encode, i)
			if err != nil {
				return err
			}
			rows[g] = append(rows[g], row)
		}
		return nil
	}
	for g := range shards {
		if shards[g].Here && err == nil {
			err = read(g)
		}
	}
	if err == nil {
		err = d.rows.seal()
	}
	return h.spread(t, p.files[0].like, shards, rows, m.Exchange, err)
}

// dealGroups returns the row groups as shards of virtual workers.
func dealGroups(groups []RowGroup, m Membership) []Shard {
	shards := make([]Shard, len(groups))
	order := make([]int, len(groups))
	for g := range groups {
		shards[g].Len, order[g] = groups[g].Rows, g
	}
	slices.SortStableFunc(order, func(a, b int) int { return groups[b].Rows - groups[a].Rows })
	load := make([]int, m.Parts)
	lo, hi := Owned(m.Parts, m.Rank, m.Ranks)
	for _, g := range order {
		part := 0
		for v := range load {
			if load[v] < load[part] {
				part = v
			}
		}
		load[part] += groups[g].Rows
		shards[g].Part, shards[g].Here = part, part >= lo && part < hi
	}
	return shards
}
