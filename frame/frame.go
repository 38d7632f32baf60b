package frame

import (
	"fmt"
	"slices"
)

// Frame is an immutable batch of rows.
type Frame struct {
	schema  Schema
	rows    int
	columns []*Column
}

// New returns the frame of the given columns, one for each field of the schema. It
// is an error if one has another type, another number of rows than the first, or
// nulls where its field is not nullable.
func New(schema Schema, columns ...*Column) (*Frame, error) {
	if len(columns) != len(schema) {
		return nil, fmt.Errorf("%d columns for a schema of %d", len(columns), len(schema))
	}
	f := &Frame{schema: schema, columns: columns}
	if len(columns) > 0 {
		f.rows = columns[0].n
	}
	for i, c := range columns {
		switch field := schema[i]; {
		case !holds(field.Type, c.typ):
			return nil, fmt.Errorf("column %s is of type %v, its field is %v", field.Name, c.typ, field.Type)
		case c.n != f.rows:
			return nil, fmt.Errorf("column %s has %d rows, %s has %d", field.Name, c.n, schema[0].Name, f.rows)
		case c.nulls > 0 && !field.Nullable:
			return nil, fmt.Errorf("column %s has %d nulls, but is not nullable", field.Name, c.nulls)
		}
	}
	return f, nil
}

// holds reports whether a column of type c can stand for a field of type t: the
// same, whatever is said about nulls inside.
func holds(t, c Type) bool {
	return t.Kind == c.Kind && t.Precision == c.Precision && t.Scale == c.Scale &&
		(t.Kind != List || holds(*t.Elem, *c.Elem)) &&
		slices.EqualFunc(t.Fields, c.Fields, func(a, b Field) bool { return a.Name == b.Name && holds(a.Type, b.Type) })
}

// Schema returns the columns' names and types. The caller must not change it.
func (f *Frame) Schema() Schema { return f.schema }

// Rows returns the number of rows.
func (f *Frame) Rows() int { return f.rows }

// Column returns column i.
func (f *Frame) Column(i int) *Column { return f.columns[i] }

// ByName returns the column of the given name, or nil.
func (f *Frame) ByName(name string) *Column {
	if i := f.schema.Index(name); i >= 0 {
		return f.columns[i]
	}
	return nil
}

// Slice returns rows lo…hi-1, in the same memory.
func (f *Frame) Slice(lo, hi int) *Frame {
	s := &Frame{f.schema, hi - lo, make([]*Column, len(f.columns))}
	for i, c := range f.columns {
		s.columns[i] = c.Slice(lo, hi)
	}
	return s
}

// Select returns the frame of the named columns, in that order.
func (f *Frame) Select(names ...string) (*Frame, error) {
	s := &Frame{make(Schema, len(names)), f.rows, make([]*Column, len(names))}
	for i, name := range names {
		at := f.schema.Index(name)
		if at < 0 {
			return nil, fmt.Errorf("there is no column %s: want one of %v", name, f.schema.Names())
		}
		s.schema[i], s.columns[i] = f.schema[at], f.columns[at]
	}
	return s, nil
}

// Unwrap returns the fields of a frame's only column, a struct without nulls, as
// the columns of a frame. Spark's Python workers get and give rows so.
func (f *Frame) Unwrap() (*Frame, error) {
	if len(f.columns) != 1 || f.schema[0].Type.Kind != Struct {
		return nil, fmt.Errorf("the columns are %v: want a single struct", f.schema)
	}
	c := f.columns[0]
	if c.nulls > 0 {
		return nil, fmt.Errorf("the struct %s is null in %d rows", f.schema[0].Name, c.nulls)
	}
	return &Frame{f.schema[0].Type.Fields, f.rows, c.fields}, nil
}

// Wrap returns the frame with a single column of the given name, a struct whose
// fields are the columns of f.
func (f *Frame) Wrap(name string) *Frame {
	schema := f.schema.Wrap(name)
	return &Frame{schema, f.rows, []*Column{{typ: schema[0].Type, n: f.rows, fields: f.columns}}}
}

// Wrap returns the schema of what [Frame.Wrap] returns.
func (s Schema) Wrap(name string) Schema {
	return Schema{{Name: name, Type: Type{Kind: Struct, Fields: s}}}
}

// Unwrap returns the schema of what [Frame.Unwrap] returns.
func (s Schema) Unwrap() (Schema, error) {
	if len(s) != 1 || s[0].Type.Kind != Struct {
		return nil, fmt.Errorf("the columns are %v: want a single struct", s)
	}
	return s[0].Type.Fields, nil
}

// Size returns about how many bytes of memory the frame takes.
func (f *Frame) Size() int64 {
	size := int64(0)
	for _, c := range f.columns {
		size += c.Size()
	}
	return size
}
