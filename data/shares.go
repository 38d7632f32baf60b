package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// rawArray is an array that lies in a file as it is, row after row, so that some of
// its rows can be read without the others.
type rawArray struct {
	name    string
	file    storage.File
	offset  int64 // of the elements
	dtype   tensor.DType
	shape   tensor.Shape
	swapped bool // the elements are big-endian
}

// read reads rows lo…hi-1.
func (a *rawArray) read(lo, hi int) (*tensor.Tensor, error) {
	x := tensor.New(a.dtype, append(tensor.Shape{hi - lo}, a.shape[1:]...)...)
	b := x.Bytes()
	row := int64(a.dtype.Size() * a.shape[1:].Len())
	if n, err := a.file.ReadAt(b, a.offset+int64(lo)*row); n < len(b) {
		return nil, fmt.Errorf("%s: samples %d to %d: %w", a.name, lo, hi, err)
	}
	if size := a.dtype.Size(); a.swapped && size > 1 {
		return tensor.FromBytes(a.dtype, swapBytes(b, size), x.Shape()...)
	}
	return x, nil
}

// share is a [Spread] whose samples lie in a file that all workers reach: each holds
// those of its shards, which are one run of rows, and the targets of all.
type share struct {
	*tensors
	shards   []Shard
	n        int // samples of all workers
	first    int // number of the first that is here
	exchange exchange
}

// newShare cuts n samples into shards, as many for each virtual worker, and reads
// those of this worker.
func newShare(schema Schema, a *rawArray, y *tensor.Tensor, m *Membership) (Source, error) {
	s := &share{n: a.shape[0], exchange: m.Exchange}
	s.shards = make([]Shard, FeedShards(m.Parts))
	lo, hi := Owned(m.Parts, m.Rank, m.Ranks)
	end := 0
	for i := range s.shards {
		from, to := s.n*i/len(s.shards), s.n*(i+1)/len(s.shards)
		part := PartOf(i, len(s.shards), m.Parts)
		s.shards[i] = Shard{Len: to - from, Part: part, Here: part >= lo && part < hi}
		if s.shards[i].Here {
			if end == 0 {
				s.first = from
			}
			end = to
		}
	}
	x, err := a.read(s.first, max(end, s.first))
	if err == nil {
		s.tensors, err = newTensors(schema, s.n, x, y)
	}
	if _, err := agree(m.Exchange, schema.Name, struct{ Rows int }{s.n}, err); err != nil {
		return nil, err
	}
	return s, nil
}

// Len returns the number of samples of all workers.
func (s *share) Len() int { return s.n }

// Shards returns the runs of rows, as many for each virtual worker.
func (s *share) Shards() []Shard { return s.shards }

// Exchange hands msg to all workers.
func (s *share) Exchange(msg []byte) ([][]byte, error) { return s.exchange(msg) }

// Read reads samples that are here.
func (s *share) Read(rows []int, b *Batch) error {
	if err := s.Target(rows, b); err != nil {
		return err
	}
	b.local = b.local[:0]
	for _, r := range rows {
		at := r - s.first
		if at < 0 || at >= s.x.Shape()[0] {
			return fmt.Errorf("%s: sample %d is held by another worker", s.schema.Name, r)
		}
		b.local = append(b.local, at)
	}
	copyRows(b.MakeX(s.x.DType(), len(rows), s.schema.Sample), s.x, b.local)
	return nil
}

// Target reads targets, which all workers have.
func (s *share) Target(rows []int, b *Batch) error {
	if err := checkRows(s.schema.Name, rows, s.n); err != nil {
		return err
	}
	b.SetIndex(rows)
	b.setTarget(s.y, rows)
	return nil
}

// openShare opens a file of another machine of which each worker reads its share; nil
// if it is not of that kind. All workers call it together.
func (d *Dataset) openShare(ctx context.Context, name string, o *Options) (Source, error) {
	f := &file{name: name}
	find := idxArrays
	if strings.HasSuffix(strings.ToLower(name), ".npz") {
		find = npzArrays
	}
	schema, a, y, err := find(ctx, f, o)
	d.mappings = append(d.mappings, f.kept...)
	found := "is to be read as a whole"
	if a != nil {
		defer a.file.Close()
		found = fmt.Sprintf("has %d bytes: %v of shape %v", a.file.Size(), a.dtype, a.shape)
	}
	all, err := agree(o.share.Exchange, name, found, err)
	if err != nil {
		return nil, err
	}
	for rank, other := range all {
		if other != found {
			return nil, fmt.Errorf("%s %s for worker %d, and %s for worker %d: leave it alone while they read", name, other, rank, found, o.share.Rank)
		}
	}
	if a == nil {
		return nil, nil
	}
	return newShare(schema, a, y, o.share)
}

// idxArrays finds the images in an IDX file, and reads the labels beside it.
func idxArrays(ctx context.Context, f *file, o *Options) (schema Schema, a *rawArray, y *tensor.Tensor, err error) {
	name := f.name
	images, labels, usual := idxSiblings(name, 3)
	if usual && strings.Contains(storage.Base(labels[0]), storage.Base(name)) {
		name = images[0] // what was named are the labels
	}
	a, err = openRawIDX(ctx, name)
	if errors.Is(err, fs.ErrNotExist) && name != f.name {
		err = nil // packed ones may be there
	}
	if a == nil {
		return schema, nil, nil, err
	}
	if usual && !o.NoTarget {
		y, err = sibling(ctx, f, labels)
	}
	if err == nil {
		schema, err = idxSchema(f.name, a.dtype, a.shape, y)
	}
	if err != nil {
		a.file.Close()
		return schema, nil, nil, err
	}
	return schema, a, y, nil
}

// openRawIDX opens the array of an IDX file that is not packed; nil for other files.
func openRawIDX(ctx context.Context, name string) (a *rawArray, err error) {
	file, err := storage.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if a == nil {
			file.Close()
		}
	}()
	start := make([]byte, min(file.Size(), 4+4*255))
	if _, err := file.ReadAt(start, 0); err != nil && err != io.EOF {
		return nil, err
	}
	if isGzip(start) || !isIDX(start) {
		return nil, nil
	}
	h, err := parseIDX(start, name)
	if err == nil {
		err = h.checkSize(file.Size(), name)
	}
	if err != nil {
		return nil, err
	}
	return &rawArray{name, file, int64(h.size), h.dtype, h.shape, true}, nil
}
