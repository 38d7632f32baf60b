package data

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/tensor"
)

// codec turns rows of frames of one schema into bytes and back, so that one row is
// read without those around it. A row is a bit for each column, set where it is
// null, and then the columns: numbers as they lie in memory, texts and lists with
// their length before them. Numbers that are missing take their space anyway, so
// that rows without texts and lists have one length.
type codec struct {
	schema frame.Schema
}

// newCodec returns the codec for frames of a schema; a type that it cannot hold is
// a *ContentError.
func newCodec(name string, schema frame.Schema) (*codec, error) {
	c := &codec{make(frame.Schema, len(schema))}
	for i, f := range schema {
		if !canEncode(f.Type) {
			return nil, &ContentError{name, fmt.Sprintf("column %s is of type %v", f.Name, f.Type), "leave it out of the query, or make columns of numbers, text or lists of it"}
		}
		f.Type = stored(f.Type)
		c.schema[i] = f
	}
	return c, nil
}

func canEncode(t frame.Type) bool {
	switch t.Kind {
	case frame.List:
		return canEncode(*t.Elem)
	case frame.Struct, frame.Null:
		return false
	}
	return true
}

// stored returns the type that a column comes back with: decimals become numbers of
// double precision.
func stored(t frame.Type) frame.Type {
	switch t.Kind {
	case frame.Decimal:
		return frame.Type{Kind: frame.Float64}
	case frame.List:
		elem := stored(*t.Elem)
		return frame.Type{Kind: frame.List, Elem: &elem}
	}
	return t
}

// width is a fixed-width kind of value.
type width struct {
	size   int
	bytes  func(*frame.Column) []byte // of the values, without copying
	column func(b []byte) *frame.Column
}

// widths lists the kinds whose values lie in memory as numbers.
var widths = map[frame.Kind]width{
	frame.Int8: widthOf[int8](), frame.Int16: widthOf[int16](), frame.Int32: widthOf[int32](), frame.Int64: widthOf[int64](),
	frame.Uint8: widthOf[uint8](), frame.Uint16: widthOf[uint16](), frame.Uint32: widthOf[uint32](), frame.Uint64: widthOf[uint64](),
	frame.Float32: widthOf[float32](), frame.Float64: widthOf[float64](),
	frame.Date: widthOf[int32](), frame.Timestamp: widthOf[int64](), frame.TimestampNTZ: widthOf[int64](),
}

type numberType interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

func widthOf[T numberType]() width {
	size := tensor.DTypeOf[T]().Size()
	return width{
		size:  size,
		bytes: func(c *frame.Column) []byte { v := frame.Values[T](c); return tensor.Of(v, len(v)).Bytes() },
		column: func(b []byte) *frame.Column {
			v := make([]T, len(b)/size)
			copy(tensor.Of(v, len(v)).Bytes(), b)
			return frame.Of(v)
		},
	}
}

// appender appends value i of a column to a row.
type appender func(row []byte, i int) []byte

// appendersOf returns the appender of each column of a frame.
func appendersOf(f *frame.Frame) []appender {
	all := make([]appender, len(f.Schema()))
	for i := range all {
		all[i] = appenderOf(f.Column(i))
	}
	return all
}

func appenderOf(c *frame.Column) appender {
	kind := c.Type().Kind
	if w, ok := widths[kind]; ok {
		values := w.bytes(c)
		return func(row []byte, i int) []byte {
			if c.Null(i) {
				return append(row, make([]byte, w.size)...)
			}
			return append(row, values[i*w.size:(i+1)*w.size]...)
		}
	}
	switch kind {
	case frame.Bool:
		return func(row []byte, i int) []byte {
			if !c.Null(i) && c.Bool(i) {
				return append(row, 1)
			}
			return append(row, 0)
		}
	case frame.Decimal:
		numbers := make([]float64, c.Len())
		for i := range numbers {
			numbers[i] = c.Float64(i)
		}
		return appenderOf(frame.Of(numbers))
	case frame.List:
		return listAppender(c)
	}
	return func(row []byte, i int) []byte {
		if c.Null(i) {
			return binary.LittleEndian.AppendUint32(row, 0)
		}
		text := c.Bytes(i)
		return append(binary.LittleEndian.AppendUint32(row, uint32(len(text))), text...)
	}
}

// listNulls marks the length of a list that has missing elements.
const listNulls = 1 << 31

func listAppender(c *frame.Column) appender {
	elem := c.Elem()
	one := appenderOf(elem)
	w, fixed := widths[elem.Type().Kind]
	var values []byte
	if fixed {
		values = w.bytes(elem)
	}
	return func(row []byte, i int) []byte {
		if c.Null(i) {
			return binary.LittleEndian.AppendUint32(row, 0)
		}
		lo, hi := c.List(i)
		if nulls := elem.Nulls() > 0; !nulls && fixed {
			row = binary.LittleEndian.AppendUint32(row, uint32(hi-lo))
			return append(row, values[lo*w.size:hi*w.size]...)
		} else if nulls {
			row = binary.LittleEndian.AppendUint32(row, uint32(hi-lo)|listNulls)
			for j := lo; j < hi; j++ {
				row = append(row, flag(elem.Null(j)))
			}
		} else {
			row = binary.LittleEndian.AppendUint32(row, uint32(hi-lo))
		}
		for j := lo; j < hi; j++ {
			row = one(row, j)
		}
		return row
	}
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// encoder returns what appends row i of a frame of the codec's columns.
func (c *codec) encoder(f *frame.Frame) appender {
	columns := appendersOf(f)
	return func(row []byte, i int) []byte {
		at := len(row)
		row = append(row, make([]byte, (len(columns)+7)/8)...)
		for j := range columns {
			if f.Column(j).Null(i) {
				row[at+j/8] |= 1 << (j % 8)
			}
		}
		for _, column := range columns {
			row = column(row, i)
		}
		return row
	}
}

var errRow = errors.New("a row that was kept on disk is damaged")

// read returns the given rows of s as a frame.
func (c *codec) read(s *store, rows []int) (*frame.Frame, error) {
	makers := make([]maker, len(c.schema))
	for j, f := range c.schema {
		makers[j] = makerOf(f.Type, len(rows))
	}
	err := s.read(rows, func(row []byte) error {
		n := (len(makers) + 7) / 8
		if len(row) < n {
			return errRow
		}
		nulls, rest := row[:n], row[n:]
		for j, m := range makers {
			var ok bool
			if rest, ok = m.take(rest, nulls[j/8]>>(j%8)&1 != 0); !ok {
				return errRow
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	columns := make([]*frame.Column, len(makers))
	for j, m := range makers {
		columns[j] = m.column()
	}
	return frame.New(c.schema, columns...)
}
