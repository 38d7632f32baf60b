package frame

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// flat lists the types of one width, by Arrow's number for them.
var flat = map[arrow.Type]struct {
	kind  Kind
	width int // of a value in bytes
	view  vectorOf
}{
	arrow.INT8:       {Int8, 1, view[int8]},
	arrow.INT16:      {Int16, 2, view[int16]},
	arrow.INT32:      {Int32, 4, view[int32]},
	arrow.INT64:      {Int64, 8, view[int64]},
	arrow.UINT8:      {Uint8, 1, view[uint8]},
	arrow.UINT16:     {Uint16, 2, view[uint16]},
	arrow.UINT32:     {Uint32, 4, view[uint32]},
	arrow.UINT64:     {Uint64, 8, view[uint64]},
	arrow.FLOAT32:    {Float32, 4, view[float32]},
	arrow.FLOAT64:    {Float64, 8, view[float64]},
	arrow.DATE32:     {Date, 4, view[int32]},
	arrow.TIMESTAMP:  {Timestamp, 8, view[int64]},
	arrow.DECIMAL128: {Decimal, 16, viewDecimals},
}

// plain lists Arrow's types of the kinds that have but one.
var plain = map[Kind]arrow.DataType{
	Null:         arrow.Null,
	Bool:         arrow.FixedWidthTypes.Boolean,
	Int8:         arrow.PrimitiveTypes.Int8,
	Int16:        arrow.PrimitiveTypes.Int16,
	Int32:        arrow.PrimitiveTypes.Int32,
	Int64:        arrow.PrimitiveTypes.Int64,
	Uint8:        arrow.PrimitiveTypes.Uint8,
	Uint16:       arrow.PrimitiveTypes.Uint16,
	Uint32:       arrow.PrimitiveTypes.Uint32,
	Uint64:       arrow.PrimitiveTypes.Uint64,
	Float32:      arrow.PrimitiveTypes.Float32,
	Float64:      arrow.PrimitiveTypes.Float64,
	String:       arrow.BinaryTypes.String,
	Binary:       arrow.BinaryTypes.Binary,
	Date:         arrow.FixedWidthTypes.Date32,
	Timestamp:    arrow.FixedWidthTypes.Timestamp_us,
	TimestampNTZ: &arrow.TimestampType{Unit: arrow.Microsecond},
}

// fromArrowType returns the type of columns that are read from ones of Arrow's type.
func fromArrowType(dt arrow.DataType) (Type, error) {
	switch dt := dt.(type) {
	case *arrow.NullType:
		return Type{Kind: Null}, nil
	case *arrow.BooleanType:
		return Type{Kind: Bool}, nil
	case *arrow.StringType, *arrow.LargeStringType:
		return Type{Kind: String}, nil
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.FixedSizeBinaryType:
		return Type{Kind: Binary}, nil
	case *arrow.TimestampType:
		if dt.TimeZone == "" {
			return Type{Kind: TimestampNTZ}, nil
		}
		return Type{Kind: Timestamp}, nil
	case *arrow.Decimal128Type:
		return Type{Kind: Decimal, Precision: int(dt.Precision), Scale: int(dt.Scale)}, nil
	case *arrow.DictionaryType:
		return fromArrowType(dt.ValueType)
	case *arrow.MapType: // is a list to Arrow
	case arrow.ListLikeType:
		elem, err := fromArrowType(dt.Elem())
		return Type{Kind: List, Elem: &elem}, err
	case *arrow.StructType:
		fields, err := fromArrowFields(dt.Fields())
		return Type{Kind: Struct, Fields: fields}, err
	default:
		if f, ok := flat[dt.ID()]; ok {
			return Type{Kind: f.kind}, nil
		}
	}
	return Type{}, fmt.Errorf("the type %v cannot be read (cast or drop the column): %w", dt, errors.ErrUnsupported)
}

func fromArrowFields(fields []arrow.Field) ([]Field, error) {
	out := make([]Field, len(fields))
	for i, f := range fields {
		t, err := fromArrowType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		out[i] = Field{f.Name, t, f.Nullable}
	}
	return out, nil
}

// toArrowType returns the type as which columns are written.
func toArrowType(t Type) arrow.DataType {
	switch t.Kind {
	case Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case List:
		return arrow.ListOfField(arrow.Field{Name: "element", Type: toArrowType(*t.Elem), Nullable: true})
	case Struct:
		return arrow.StructOf(toArrowFields(t.Fields)...)
	}
	return plain[t.Kind]
}

func toArrowFields(fields []Field) []arrow.Field {
	out := make([]arrow.Field, len(fields))
	for i, f := range fields {
		out[i] = arrow.Field{Name: f.Name, Type: toArrowType(f.Type), Nullable: f.Nullable}
	}
	return out
}

// importer makes columns of Arrow data, which it does not trust.
type importer struct {
	left int64 // bytes that copies may still take
}

// take counts bytes of a copy.
func (m *importer) take(bytes int64) error {
	if bytes > m.left {
		return fmt.Errorf("%d bytes unpacked are more than the %d that are left to a batch", bytes, m.left)
	}
	m.left -= bytes
	return nil
}

// column returns data as a column. Panics of a slice out of range are the caller's
// to catch.
func (m *importer) column(data arrow.ArrayData) (*Column, error) {
	t, err := fromArrowType(data.DataType())
	if err != nil {
		return nil, err
	}
	n, off := data.Len(), data.Offset()
	c := &Column{typ: t, n: n}
	if b := buffer(data, 0); b != nil && t.Kind != Null && data.NullN() != 0 {
		if len(b) < (off+n+7)/8 {
			return nil, fmt.Errorf("%d bytes of validity for %d rows", len(b), off+n)
		}
		c.validity, c.bit = b, off
	}
	switch dt := data.DataType().(type) {
	case *arrow.NullType:
	case *arrow.BooleanType:
		c.content, c.bit = buffer(data, 1), off
		if len(c.content) < (off+n+7)/8 {
			return nil, fmt.Errorf("%d bytes of bools for %d rows", len(c.content), off+n)
		}
	case *arrow.DictionaryType:
		return m.dictionary(data.(*array.Data), dt, c)
	case *arrow.StructType:
		err = m.structs(data, c)
	case *arrow.FixedSizeBinaryType:
		c.content = buffer(data, 1)
		c.offsets, err = m.steps(off, n, dt.ByteWidth, len(c.content))
	case *arrow.FixedSizeListType:
		if c.child, err = m.column(data.Children()[0]); err == nil {
			c.offsets, err = m.steps(off, n, int(dt.Len()), c.child.n)
		}
	case arrow.ListLikeType:
		if c.child, err = m.column(data.Children()[0]); err == nil {
			c.offsets, err = m.offsets(data, c.child.n)
		}
	case *arrow.StringType, *arrow.LargeStringType, *arrow.BinaryType, *arrow.LargeBinaryType:
		c.content = buffer(data, 2)
		c.offsets, err = m.offsets(data, len(c.content))
	default:
		err = m.flat(data, c)
	}
	c.nulls = countNulls(c)
	return c, err
}

func buffer(data arrow.ArrayData, i int) []byte {
	if b := data.Buffers(); i < len(b) && b[i] != nil {
		return b[i].Bytes()
	}
	return nil
}

// flat sets the values of a column of one width.
func (m *importer) flat(data arrow.ArrayData, c *Column) error {
	f := flat[data.DataType().ID()]
	n, off, b := c.n, data.Offset(), buffer(data, 1)
	if len(b)/f.width < off+n {
		return fmt.Errorf("%d bytes of values for %d rows of %v", len(b), off+n, c.typ)
	}
	c.values = f.view(b[off*f.width:(off+n)*f.width], n)
	ts, ok := data.DataType().(*arrow.TimestampType)
	if !ok || ts.Unit == arrow.Microsecond {
		return nil
	}
	if err := m.take(8 * int64(n)); err != nil {
		return err
	}
	c.values = microseconds(c.values.(numbers[int64]), ts.Unit)
	return nil
}

// microseconds converts from other units; those too far from 1970 stop at the ends.
func microseconds(in numbers[int64], unit arrow.TimeUnit) numbers[int64] {
	out := make(numbers[int64], len(in))
	for i, v := range in {
		switch scale := int64(1e6); {
		case unit == arrow.Nanosecond:
			out[i] = v / 1000
			if v%1000 < 0 {
				out[i]--
			}
		default:
			if unit == arrow.Millisecond {
				scale = 1000
			}
			out[i] = max(min(v, math.MaxInt64/scale), math.MinInt64/scale) * scale
		}
	}
	return out
}

// steps returns the offsets of n rows of equal length from row off on.
func (m *importer) steps(off, n, length, total int) ([]int32, error) {
	if length < 0 || total > math.MaxInt32 || length > 0 && off+n > total/length {
		return nil, fmt.Errorf("%d values for %d rows of %d", total, off+n, length)
	}
	if err := m.take(4 * int64(n+1)); err != nil {
		return nil, err
	}
	offsets := make([]int32, n+1)
	for i := range offsets {
		offsets[i] = int32((off + i) * length)
	}
	return offsets, nil
}

// offsets returns the offsets of texts or lists, which lie among total values.
func (m *importer) offsets(data arrow.ArrayData, total int) ([]int32, error) {
	n, off, b := data.Len(), data.Offset(), buffer(data, 1)
	if n == 0 {
		return []int32{0}, nil // Arrow lets writers leave out the buffer
	}
	wide := false
	switch data.DataType().ID() {
	case arrow.LARGE_STRING, arrow.LARGE_BINARY, arrow.LARGE_LIST:
		wide = true
	}
	var offsets []int32
	switch width := 4; {
	case !wide && len(b)/width > off+n:
		offsets = arrow.GetData[int32](b[:len(b)/width*width])[off : off+n+1 : off+n+1]
	case wide && len(b)/8 > off+n:
		if err := m.take(4 * int64(n+1)); err != nil {
			return nil, err
		}
		offsets = make([]int32, n+1)
		for i, v := range arrow.GetData[int64](b[:len(b)/8*8])[off : off+n+1] {
			if v < 0 || v > math.MaxInt32 {
				return nil, fmt.Errorf("offset %d of row %d is outside of 2 GiB", v, i)
			}
			offsets[i] = int32(v)
		}
	default:
		return nil, fmt.Errorf("%d bytes of offsets for %d rows", len(b), off+n)
	}
	return offsets, checkOffsets(offsets, total)
}

func (m *importer) structs(data arrow.ArrayData, c *Column) error {
	off := data.Offset()
	for i, child := range data.Children() {
		f, err := m.column(child)
		if err != nil {
			return fmt.Errorf("field %s: %w", c.typ.Fields[i].Name, err)
		}
		if f.n < off+c.n {
			return fmt.Errorf("field %s has %d rows, want %d", c.typ.Fields[i].Name, f.n, off+c.n)
		}
		c.fields = append(c.fields, f.Slice(off, off+c.n))
	}
	return nil
}

// dictionary replaces the codes in data by the values that they stand for.
func (m *importer) dictionary(data *array.Data, dt *arrow.DictionaryType, c *Column) (*Column, error) {
	values, err := m.column(data.Dictionary())
	if err != nil {
		return nil, err
	}
	codes := array.NewData(dt.IndexType, data.Len(), data.Buffers(), nil, data.NullN(), data.Offset())
	defer codes.Release()
	indices := &Column{typ: c.typ, n: c.n}
	if err := m.flat(codes, indices); err != nil {
		return nil, err
	}
	if err := m.take(4 * int64(c.n)); err != nil {
		return nil, err
	}
	rows := make([]int32, c.n)
	for i := range rows {
		v := indices.values.float(i)
		switch {
		case c.Null(i):
			rows[i] = -1
		case v < 0 || v >= float64(values.n):
			return nil, fmt.Errorf("code %v of row %d is outside a dictionary of %d", v, i, values.n)
		default:
			rows[i] = int32(v)
		}
	}
	return values.gather(rows, m.take)
}

// exported returns the column as Arrow data.
func (c *Column) exported() arrow.ArrayData {
	dt := toArrowType(c.typ)
	buffers := []*memory.Buffer{nil}
	if c.nulls > 0 && c.typ.Kind != Null {
		buffers[0] = memory.NewBufferBytes(alignBits(c.validity, c.bit, c.n))
	}
	add := func(b []byte) { buffers = append(buffers, memory.NewBufferBytes(b)) }
	var children []arrow.ArrayData
	switch k := c.typ.Kind; {
	case k == Null:
		buffers = nil
	case k == Bool:
		add(alignBits(c.content, c.bit, c.n))
	case k.IsText():
		lo, hi := c.offsets[0], c.offsets[c.n]
		add(arrow.GetBytes(rebased(c.offsets)))
		add(c.content[lo:hi])
	case k == List:
		lo, hi := c.offsets[0], c.offsets[c.n]
		add(arrow.GetBytes(rebased(c.offsets)))
		children = append(children, c.child.Slice(int(lo), int(hi)).exported())
	case k == Struct:
		for _, f := range c.fields {
			children = append(children, f.exported())
		}
	default:
		add(c.values.bytes())
	}
	return array.NewData(dt, c.n, buffers, children, c.nulls, 0)
}

// rebased returns offsets that start at 0.
func rebased(offsets []int32) []int32 {
	if offsets[0] == 0 {
		return offsets
	}
	out := make([]int32, len(offsets))
	for i, o := range offsets {
		out[i] = o - offsets[0]
	}
	return out
}

// alignBits returns n bits from the given place on as the first of the bytes.
func alignBits(b []byte, from, n int) []byte {
	b = b[from>>3 : (from+n+7)>>3]
	if from&7 == 0 {
		return b
	}
	out := make([]byte, (n+7)/8)
	for i := range out {
		out[i] = b[i] >> (from & 7)
		if i+1 < len(b) {
			out[i] |= b[i+1] << (8 - from&7)
		}
	}
	return out
}
