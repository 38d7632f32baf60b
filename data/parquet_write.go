package data

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/snappy"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/storage"
)

// ParquetOptions says how a Parquet file is written. The zero value works.
type ParquetOptions struct {
	// GroupBytes is how much of the rows, unpacked, makes a row group: what is
	// read at once, and what workers share out; 16 MiB by default.
	GroupBytes int64
	// Metadata is written to the file's end as it is.
	Metadata map[string]string
}

// WriteParquet writes the frames that next returns, up to its io.EOF, to a Parquet
// file: packed by Snappy, as Spark and pandas do. The columns are numbers, text,
// binary, dates, time stamps, decimals and lists of these; another type is an
// [errors.ErrUnsupported]. A failure leaves no file.
func WriteParquet(ctx context.Context, name string, schema frame.Schema, next func() (*frame.Frame, error), o ParquetOptions) error {
	return storage.Write(ctx, name, 0, func(w io.Writer) error {
		return encodeParquet(w, schema, next, o)
	})
}

// encodeParquet writes a file to w.
func encodeParquet(w io.Writer, schema frame.Schema, next func() (*frame.Frame, error), o ParquetOptions) error {
	if o.GroupBytes == 0 {
		o.GroupBytes = 16 << 20
	}
	columns := make([]*parquetWriter, len(schema))
	root := orderedGroup{parquet.Group{}, schema.Names()}
	for i, f := range schema {
		node, err := parquetNode(f)
		if err != nil {
			return fmt.Errorf("write Parquet: column %s is of type %v: %w", f.Name, f.Type, err)
		}
		root.Group[f.Name] = node
		columns[i] = newParquetWriter(f, i)
	}
	config := &parquet.WriterConfig{KeyValueMetadata: o.Metadata, Compression: &snappy.Codec{}}
	out := parquet.NewWriter(w, parquet.NewSchema("ember", root), config)
	held := int64(0)
	for {
		f, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if !f.Schema().Equal(schema) {
			return fmt.Errorf("write Parquet: the frame's columns are %v, want %v", f.Schema(), schema)
		}
		for i, c := range columns {
			if err := c.write(out.ColumnWriters()[i], f.Column(i)); err != nil {
				return fmt.Errorf("write Parquet: column %s: %w", schema[i].Name, err)
			}
		}
		if held += f.Size(); held >= o.GroupBytes {
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write Parquet: %w", err)
			}
			held = 0
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// orderedGroup is a group whose fields keep their order.
type orderedGroup struct {
	parquet.Group
	names []string
}

func (g orderedGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(g.names, a.Name()) - slices.Index(g.names, b.Name())
	})
	return fields
}

// parquetLeaves lists the types of Parquet that kinds are written as.
var parquetLeaves = map[frame.Kind]parquet.Node{
	frame.Bool:         parquet.Leaf(parquet.BooleanType),
	frame.Int8:         parquet.Int(8),
	frame.Int16:        parquet.Int(16),
	frame.Int32:        parquet.Int(32),
	frame.Int64:        parquet.Int(64),
	frame.Uint8:        parquet.Uint(8),
	frame.Uint16:       parquet.Uint(16),
	frame.Uint32:       parquet.Uint(32),
	frame.Uint64:       parquet.Uint(64),
	frame.Float32:      parquet.Leaf(parquet.FloatType),
	frame.Float64:      parquet.Leaf(parquet.DoubleType),
	frame.String:       parquet.Encoded(parquet.String(), &parquet.RLEDictionary),
	frame.Binary:       parquet.Leaf(parquet.ByteArrayType),
	frame.Date:         parquet.Date(),
	frame.Timestamp:    parquet.TimestampAdjusted(parquet.Microsecond, true),
	frame.TimestampNTZ: parquet.TimestampAdjusted(parquet.Microsecond, false),
}

func parquetNode(f frame.Field) (parquet.Node, error) {
	t := f.Type
	node := parquetLeaves[t.Kind]
	switch {
	case t.Kind == frame.List && t.Elem.Kind != frame.List:
		elem, err := parquetNode(frame.Field{Type: *t.Elem, Nullable: true})
		if err != nil {
			return nil, err
		}
		node = parquet.List(elem)
	case t.Kind == frame.Decimal:
		node = parquet.Decimal(t.Scale, t.Precision, parquet.FixedLenByteArrayType(16))
	case node == nil:
		return nil, fmt.Errorf("it cannot be written: %w", errors.ErrUnsupported)
	}
	if f.Nullable {
		node = parquet.Optional(node)
	}
	return node, nil
}

// parquetWriter writes the frames' columns of one field.
type parquetWriter struct {
	column int
	top    int // the level of definition of a row that is not null
	values []parquet.Value
}

func newParquetWriter(f frame.Field, column int) *parquetWriter {
	w := &parquetWriter{column: column}
	if f.Nullable {
		w.top = 1
	}
	return w
}

func (w *parquetWriter) write(out *parquet.ColumnWriter, c *frame.Column) error {
	const rows = 1024 // at once
	for from := 0; from < c.Len(); from += rows {
		part := c.Slice(from, min(from+rows, c.Len()))
		w.values = w.values[:0]
		if part.Type().Kind == frame.List {
			w.lists(part)
		} else {
			w.leaves(part)
		}
		if _, err := out.WriteRowValues(w.values); err != nil {
			return err
		}
	}
	return nil
}

// leaves adds a value for each row.
func (w *parquetWriter) leaves(c *frame.Column) {
	value := parquetValueOf(c)
	for i := range c.Len() {
		if c.Null(i) {
			w.values = append(w.values, parquet.NullValue().Level(0, 0, w.column))
		} else {
			w.values = append(w.values, value(i).Level(0, w.top, w.column))
		}
	}
}

// lists adds the elements of each row: an empty list is defined one level less
// than its elements, which may be null, too.
func (w *parquetWriter) lists(c *frame.Column) {
	elem := c.Elem()
	value := parquetValueOf(elem)
	for i := range c.Len() {
		lo, hi := c.List(i)
		switch {
		case c.Null(i):
			w.values = append(w.values, parquet.NullValue().Level(0, 0, w.column))
		case lo == hi:
			w.values = append(w.values, parquet.NullValue().Level(0, w.top, w.column))
		}
		repetition := 0
		for j := lo; j < hi && !c.Null(i); j++ {
			if elem.Null(j) {
				w.values = append(w.values, parquet.NullValue().Level(repetition, w.top+1, w.column))
			} else {
				w.values = append(w.values, value(j).Level(repetition, w.top+2, w.column))
			}
			repetition = 1
		}
	}
}

// parquetValueOf returns a function that returns the value in a row.
func parquetValueOf(c *frame.Column) func(i int) parquet.Value {
	switch c.Type().Kind {
	case frame.Bool:
		return func(i int) parquet.Value { return parquet.BooleanValue(c.Bool(i)) }
	case frame.Int64, frame.Timestamp, frame.TimestampNTZ:
		v := frame.Values[int64](c)
		return func(i int) parquet.Value { return parquet.Int64Value(v[i]) }
	case frame.Uint64:
		v := frame.Values[uint64](c)
		return func(i int) parquet.Value { return parquet.Int64Value(int64(v[i])) }
	case frame.Uint32:
		v := frame.Values[uint32](c)
		return func(i int) parquet.Value { return parquet.Int32Value(int32(v[i])) }
	case frame.Float32:
		v := frame.Values[float32](c)
		return func(i int) parquet.Value { return parquet.FloatValue(v[i]) }
	case frame.Float64:
		v := frame.Values[float64](c)
		return func(i int) parquet.Value { return parquet.DoubleValue(v[i]) }
	case frame.String, frame.Binary:
		return func(i int) parquet.Value { return parquet.ByteArrayValue(c.Bytes(i)) }
	case frame.Decimal:
		return func(i int) parquet.Value {
			hi, lo := c.Unscaled(i)
			b := binary.BigEndian.AppendUint64(make([]byte, 0, 16), uint64(hi))
			return parquet.FixedLenByteArrayValue(binary.BigEndian.AppendUint64(b, lo))
		}
	}
	return func(i int) parquet.Value { return parquet.Int32Value(int32(c.Float64(i))) } // exact: at most 32 bits
}
