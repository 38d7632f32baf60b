package data

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"
	parquetformat "github.com/parquet-go/parquet-go/format"

	"github.com/emberml/ember/frame"
)

// parquetColumn is a column of a file: a leaf, or a list of leaves.
type parquetColumn struct {
	field frame.Field
	kind  parquetKind
	typ   parquet.Type
	elem  frame.Type // of the leaf
	leaf  int
	err   error // why it cannot be read
	// The levels of definition at which values are there, those at which there
	// is a place for one, and those at which the list is there; in the terms of
	// Dremel (Melnik and others, 2010).
	full, place, list byte
	repeated          bool
}

// newParquetColumn says how a column at the top of the schema is read.
func newParquetColumn(top *parquet.Column) *parquetColumn {
	c := &parquetColumn{field: frame.Field{Name: top.Name(), Nullable: top.Optional()}}
	node, level, above := top, byte(0), 0
	for ; ; above++ {
		if node.Optional() {
			level++
		}
		if node.Repeated() {
			if c.repeated {
				return c.unreadable("a list of lists")
			}
			c.repeated, c.list = true, level
			level++
			c.place = level
		}
		if node.Leaf() {
			break
		}
		if children := node.Columns(); len(children) != 1 || above > 1 || above == 1 && !c.repeated {
			return c.unreadable("a struct or map")
		}
		node = node.Columns()[0]
	}
	if above > 0 && !c.repeated {
		return c.unreadable("a struct")
	}
	c.full, c.leaf, c.typ = level, node.Index(), node.Type()
	var ok bool
	if c.kind, c.elem, ok = findParquetKind(c.typ); !ok {
		return c.unreadable("of type " + c.typ.String())
	}
	c.field.Type = c.elem
	if c.repeated {
		c.field.Type = frame.Type{Kind: frame.List, Elem: &c.elem}
	}
	return c
}

func (c *parquetColumn) unreadable(what string) *parquetColumn {
	c.err = fmt.Errorf("column %s is %s, which cannot be read", c.field.Name, what)
	return c
}

// read returns the column's values in a row group.
func (c *parquetColumn) read(f *parquetFile, group, rows int) (*frame.Column, error) {
	if c.err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, c.err)
	}
	if err := c.supported(f, group); err != nil {
		return nil, err
	}
	pages := f.file.RowGroups()[group].ColumnChunks()[c.leaf].Pages()
	defer pages.Close()
	r := parquetReader{column: c, values: c.kind.sink(c.typ)}
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = r.page(page)
			parquet.Release(page)
		}
		if err != nil {
			return nil, f.damaged(fmt.Errorf("row group %d, column %s: %w", group, c.field.Name, err))
		}
	}
	column, err := r.end()
	if err == nil && column.Len() != rows {
		err = fmt.Errorf("%d rows, want %d", column.Len(), rows)
	}
	if err != nil {
		return nil, f.damaged(fmt.Errorf("row group %d, column %s: %w", group, c.field.Name, err))
	}
	return column, nil
}

// supported refuses what the library decodes wrongly without saying so (v0.32.0):
// LZ4 blocks that are packed to more than a third, and bools in runs whose lengths
// are no multiples of 8.
func (c *parquetColumn) supported(f *parquetFile, group int) error {
	chunk := f.file.Metadata().RowGroups[group].Columns[c.leaf].MetaData
	switch {
	case chunk.Codec == parquetformat.Lz4Raw:
		return &ContentError{f.name, fmt.Sprintf("column %s is packed by LZ4, which cannot be read", c.field.Name), "write the file with snappy, zstd or gzip"}
	case c.elem.Kind == frame.Bool && !slices.Contains(chunk.Encoding, parquetformat.Plain):
		return &ContentError{f.name, fmt.Sprintf("the bools of column %s are encoded by %v, which cannot be read", c.field.Name, chunk.Encoding), "write the file with data pages of version 1.0"}
	}
	return nil
}

// parquetReader puts the pages of a column together.
type parquetReader struct {
	column  *parquetColumn
	values  parquetSink
	valid   []bool  // of each place for a value; nil while none is missing
	places  int     // for values
	offsets []int32 // of the lists
	lists   []bool  // that are there
}

// page takes in the next page.
func (r *parquetReader) page(p parquet.Page) error {
	n := int(p.NumValues())
	valid, err := r.levels(p.DefinitionLevels(), p.RepetitionLevels(), n)
	if err != nil {
		return err
	}
	places := n
	if valid != nil {
		places, n = len(valid), 0
		for _, ok := range valid {
			if ok {
				n++
			}
		}
		if n == places {
			valid = nil
		}
	}
	if r.places+places > math.MaxInt32 {
		return errors.New("more than 2³¹ values in a row group")
	}
	if valid != nil && r.valid == nil {
		r.valid = trues(r.places)
	}
	if r.valid != nil {
		if valid == nil {
			valid = trues(places)
		}
		r.valid = append(r.valid, valid...)
	}
	r.places += places
	return r.values.page(newParquetValues(p, n), valid)
}

func trues(n int) []bool {
	b := make([]bool, n)
	for i := range b {
		b[i] = true
	}
	return b
}

// levels returns which places for values are filled, nil for all n, and takes in
// the lists.
func (r *parquetReader) levels(definition, repetition []byte, n int) (valid []bool, _ error) {
	c := r.column
	if c.full == 0 {
		return nil, nil
	}
	if len(definition) != n || c.repeated && len(repetition) != n {
		return nil, fmt.Errorf("%d and %d levels of %d values", len(definition), len(repetition), n)
	}
	valid = make([]bool, 0, n)
	for i, d := range definition {
		if c.repeated && repetition[i] == 0 {
			r.offsets = append(r.offsets, int32(r.places+len(valid)))
			r.lists = append(r.lists, d >= c.list)
		}
		if d >= c.place {
			valid = append(valid, d == c.full)
		}
	}
	if c.repeated && len(r.offsets) == 0 && n > 0 {
		return nil, errors.New("the first value belongs to no row")
	}
	return valid, nil
}

// end returns the column.
func (r *parquetReader) end() (*frame.Column, error) {
	column := r.column.kind.column(r.values, r.column.elem)
	if column.Len() != r.places {
		return nil, fmt.Errorf("%d values, want %d", column.Len(), r.places)
	}
	if r.valid != nil {
		column = column.WithValid(r.valid)
	}
	if r.column.repeated {
		column = frame.Lists(append(r.offsets, int32(r.places)), column).WithValid(r.lists)
	}
	return column, nil
}
