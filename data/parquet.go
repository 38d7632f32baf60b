package data

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// parquetBuffer is how much is read of a column at once, so that a remote file is
// not asked for every page.
const parquetBuffer = 4 << 20

// parquetExtension is how names of Parquet files end.
const parquetExtension = ".parquet"

// Parquet is one or more Parquet files with the same columns, which are read by row
// groups. It is safe for concurrent use.
type Parquet struct {
	schema frame.Schema
	groups []RowGroup
	files  []*parquetFile
}

// RowGroup is what is read of a Parquet file at once.
type RowGroup struct {
	File  string
	Group int // in the file
	Rows  int

	file *parquetFile
}

// parquetFile is an open file.
type parquetFile struct {
	name    string
	bytes   storage.File
	file    *parquet.File
	columns []*parquetColumn
	like    *Schema // of the data set that was written to it, if it says so
}

// OpenParquet opens Parquet files as one table; only their ends are read. Files
// whose columns differ are an error.
func OpenParquet(ctx context.Context, names ...string) (*Parquet, error) {
	p := &Parquet{}
	for _, name := range names {
		f, err := storage.Open(ctx, name)
		if err == nil {
			err = p.add(name, f)
		}
		if err != nil {
			p.Close()
			return nil, err
		}
	}
	return p, nil
}

// Close closes the files. Frames that were read stay valid.
func (p *Parquet) Close() error {
	var err error
	for _, f := range p.files {
		err = errors.Join(err, f.bytes.Close())
	}
	p.files = nil
	return err
}

// Schema returns the columns, whatever their type; those that cannot be read are
// of kind Null, and an error of [Parquet.Read]. The caller must not change it.
func (p *Parquet) Schema() frame.Schema { return p.schema }

// Groups returns the row groups of all files, in order. The caller must not change
// them.
func (p *Parquet) Groups() []RowGroup { return p.groups }

// add adds a file, which it closes if it fails.
func (p *Parquet) add(name string, bytes storage.File) error {
	f := &parquetFile{name: name, bytes: bytes}
	p.files = append(p.files, f)
	if err := f.open(); err != nil {
		return err
	}
	schema := make(frame.Schema, len(f.columns))
	for i, c := range f.columns {
		schema[i] = c.field
	}
	switch {
	case p.schema == nil:
		p.schema = schema
	case !p.merge(schema):
		return &tensor.FormatError{File: name, Detail: fmt.Sprintf("its columns are %v, those of %s are %v", schema, p.files[0].name, p.schema), Hint: "read files of one table"}
	}
	for i, g := range f.file.RowGroups() {
		if g.NumRows() < 0 || g.NumRows() > math.MaxInt32 {
			return f.damaged(fmt.Errorf("row group %d has %d rows", i, g.NumRows()))
		}
		p.groups = append(p.groups, RowGroup{name, i, int(g.NumRows()), f})
	}
	return nil
}

// merge reports whether another file has the same columns, whatever it says of
// missing values.
func (p *Parquet) merge(s frame.Schema) bool {
	if len(s) != len(p.schema) {
		return false
	}
	for i, f := range s {
		if f.Name != p.schema[i].Name || !f.Type.Equal(p.schema[i].Type) {
			return false
		}
		p.schema[i].Nullable = p.schema[i].Nullable || f.Nullable
	}
	return true
}

// open reads the file's end.
func (f *parquetFile) open() (err error) {
	defer f.recovered(&err)
	f.file, err = parquet.OpenFile(f.bytes, f.bytes.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true),
		parquet.ReadBufferSize(int(min(parquetBuffer, max(f.bytes.Size(), 16)))), parquet.OptimisticRead(false))
	if err != nil {
		return f.damaged(err)
	}
	for _, c := range f.file.Root().Columns() {
		f.columns = append(f.columns, newParquetColumn(c))
	}
	if text, ok := f.file.Lookup(parquetSchemaKey); ok {
		var s Schema
		if json.Unmarshal([]byte(text), &s) == nil { // else it is somebody else's key
			f.like = &s
		}
	}
	return nil
}

// recovered turns a panic over a damaged file into an error.
func (f *parquetFile) recovered(err *error) {
	if p := recover(); p != nil {
		*err = f.damaged(fmt.Errorf("%v", p))
	}
}

func (f *parquetFile) damaged(err error) error {
	return &tensor.FormatError{File: f.name, Detail: "read Parquet", Err: err, Hint: "the file is damaged or incomplete: fetch or write it again"}
}

// Read returns a row group, a number in [Parquet.Groups], as a frame of the columns
// at the given places in the schema; of all if none is given.
func (p *Parquet) Read(ctx context.Context, group int, columns ...int) (_ *frame.Frame, err error) {
	g := p.groups[group]
	defer g.file.recovered(&err)
	if columns == nil {
		for i := range p.schema {
			columns = append(columns, i)
		}
	}
	schema, read := make(frame.Schema, len(columns)), make([]*frame.Column, len(columns))
	for i, c := range columns {
		if err := context.Cause(ctx); err != nil {
			return nil, fmt.Errorf("read %s: %w", g.File, err)
		}
		schema[i] = p.schema[c]
		if read[i], err = g.file.columns[c].read(g.file, g.Group, g.Rows); err != nil {
			return nil, err
		}
	}
	return frame.New(schema, read...)
}

// readable reports the first of the given columns that cannot be read.
func (p *Parquet) readable(columns []int) error {
	for _, c := range columns {
		if err := p.files[0].columns[c].err; err != nil {
			return &ContentError{p.files[0].name, err.Error(), "choose others with --columns"}
		}
	}
	return nil
}

// parquetNames returns the names of files that are all Parquet, but for those that
// Spark and Hadoop put beside them (_SUCCESS, .part-0.parquet.crc); else nil.
func parquetNames(infos []storage.Info) []string {
	var names []string
	for _, info := range infos {
		base := storage.Base(info.Name)
		switch {
		case strings.HasPrefix(base, "_"), strings.HasPrefix(base, "."):
		case info.Dir || !strings.HasSuffix(strings.ToLower(base), parquetExtension):
			return nil
		default:
			names = append(names, info.Name)
		}
	}
	return names
}

// openParquetFiles reads Parquet files as one source.
func openParquetFiles(ctx context.Context, spec string, names []string, o *Options) (Source, error) {
	p, err := OpenParquet(ctx, names...)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return p.source(ctx, spec, o)
}

// openParquet reads a Parquet file that is in memory.
func openParquet(ctx context.Context, f *file, o *Options) (Source, error) {
	p := &Parquet{}
	defer p.Close()
	if err := p.add(f.name, memoryFile{bytes.NewReader(f.bytes)}); err != nil {
		return nil, err
	}
	return p.source(ctx, f.name, o)
}

// memoryFile is bytes as a file of storage.
type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }

// table says how the files are read, and which of their columns that takes.
func (p *Parquet) table(name string, o *Options) (*table, []int, error) {
	features, targets, e := pickColumns(p.schema.Names(), o)
	if e != nil {
		e.File = name
		return nil, nil, e
	}
	columns := make([]int, 0, len(features)+len(targets))
	var schema frame.Schema
	for i, f := range p.schema { // in the file's order, in which the target is found again
		if slices.Contains(features, i) || slices.Contains(targets, i) {
			columns, schema = append(columns, i), append(schema, f)
		}
	}
	if err := p.readable(columns); err != nil {
		return nil, nil, err
	}
	t, err := newTable(name, "Parquet", schema, o)
	return t, columns, err
}

// source reads all rows.
func (p *Parquet) source(ctx context.Context, name string, o *Options) (Source, error) {
	t, columns, err := p.table(name, o)
	if err != nil {
		return nil, err
	}
	var held frames
	for g := range p.groups {
		f, err := p.Read(ctx, g, columns...)
		if err != nil {
			return nil, err
		}
		if err := t.add(f); err != nil {
			return nil, err
		}
		held.add(f)
	}
	t.like(p.files[0].like)
	return t.source(&held)
}
