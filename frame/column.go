package frame

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"time"
)

// Column is the values of one column: an immutable piece of Arrow memory. It is made
// of slices ([Of], [Strings], [Lists]…) or comes out of a stream or file.
type Column struct {
	typ      Type
	n        int
	nulls    int
	validity []byte    // a bit for each row, lowest first, 0 where it is null; nil if none is
	bit      int       // where the first row's bit is in validity, and in content of bools
	values   vector    // n numbers, dates, timestamps or decimals
	content  []byte    // a bit for each Bool; what offsets point into for String and Binary
	offsets  []int32   // n+1 for String, Binary and List
	child    *Column   // of List
	fields   []*Column // of Struct, each of n rows
}

// Type returns the type of the values.
func (c *Column) Type() Type { return c.typ }

// Len returns the number of rows.
func (c *Column) Len() int { return c.n }

// Nulls returns how many rows have no value.
func (c *Column) Nulls() int { return c.nulls }

// Null reports whether row i has no value.
func (c *Column) Null(i int) bool {
	return c.typ.Kind == Null || c.validity != nil && !bitAt(c.validity, c.bit+i)
}

func bitAt(b []byte, i int) bool { return b[i>>3]>>(i&7)&1 != 0 }

// Values returns the values of a column of numbers, dates or timestamps as they lie
// in memory; what stands where a row is null is undefined. T is as the kinds say;
// another is the caller's bug, and panics.
func Values[T number](c *Column) []T {
	v, ok := c.values.(numbers[T])
	if !ok {
		panic(fmt.Sprintf("frame: the values of %v are not of type %T", c.typ, *new(T)))
	}
	return v
}

// Bool returns row i of a column of bools.
func (c *Column) Bool(i int) bool { return bitAt(c.content, c.bit+i) }

// Bytes returns row i of a column of strings or binary, in the column's memory.
func (c *Column) Bytes(i int) []byte {
	return c.content[c.offsets[i]:c.offsets[i+1]:c.offsets[i+1]]
}

// List returns where the list in row i lies among the elements that [Column.Elem]
// returns: lo…hi-1.
func (c *Column) List(i int) (lo, hi int) { return int(c.offsets[i]), int(c.offsets[i+1]) }

// Elem returns the elements of all lists of a column of lists. Those of row i are
// where [Column.List] says; there may be more before, after and between them.
func (c *Column) Elem() *Column { return c.child }

// Field returns field j of a column of structs.
func (c *Column) Field(j int) *Column { return c.fields[j] }

// Float64 returns row i as a number: bools as 0 and 1, dates in days and timestamps
// in seconds since 1970; NaN for a null, and for what is no number.
func (c *Column) Float64(i int) float64 {
	if c.Null(i) {
		return math.NaN()
	}
	switch c.typ.Kind {
	case Bool:
		if c.Bool(i) {
			return 1
		}
		return 0
	case Timestamp, TimestampNTZ:
		return c.values.float(i) / 1e6
	case Decimal:
		return c.values.(decimals)[i].ToFloat64(int32(c.typ.Scale))
	case String, Binary, List, Struct:
		return math.NaN()
	}
	return c.values.float(i)
}

// String returns row i as text: numbers in decimal, bools as true and false, dates as
// 2006-01-02, timestamps as 2006-01-02 15:04:05.999999, the bytes of binary as they
// are; "" for a null, a list and a struct.
func (c *Column) String(i int) string {
	if c.Null(i) {
		return ""
	}
	switch k := c.typ.Kind; k {
	case String, Binary:
		return string(c.Bytes(i))
	case Bool:
		return strconv.FormatBool(c.Bool(i))
	case Int64:
		return strconv.FormatInt(c.values.(numbers[int64])[i], 10)
	case Uint64:
		return strconv.FormatUint(c.values.(numbers[uint64])[i], 10)
	case Float32:
		return strconv.FormatFloat(c.Float64(i), 'g', -1, 32)
	case Float64:
		return strconv.FormatFloat(c.Float64(i), 'g', -1, 64)
	case Date:
		return time.Unix(int64(c.values.(numbers[int32])[i])*24*3600, 0).UTC().Format(time.DateOnly)
	case Timestamp, TimestampNTZ:
		return time.UnixMicro(c.values.(numbers[int64])[i]).UTC().Format("2006-01-02 15:04:05.999999")
	case Decimal:
		return c.values.(decimals)[i].ToString(int32(c.typ.Scale))
	case Null, List, Struct:
		return ""
	}
	return strconv.FormatFloat(c.Float64(i), 'f', 0, 64)
}

// Slice returns rows lo…hi-1 of the column, in the same memory.
func (c *Column) Slice(lo, hi int) *Column {
	if lo < 0 || hi < lo || hi > c.n {
		panic(fmt.Sprintf("frame: rows %d…%d of a column of %d", lo, hi, c.n))
	}
	s := *c
	s.n, s.bit = hi-lo, c.bit+lo
	if c.offsets != nil {
		s.offsets = c.offsets[lo : hi+1 : hi+1]
	}
	if c.values != nil {
		s.values = c.values.slice(lo, hi)
	}
	if c.fields != nil {
		s.fields = make([]*Column, len(c.fields))
		for i, f := range c.fields {
			s.fields[i] = f.Slice(lo, hi)
		}
	}
	s.nulls = countNulls(&s)
	return &s
}

// countNulls counts the rows of c that are null.
func countNulls(c *Column) int {
	switch {
	case c.typ.Kind == Null:
		return c.n
	case c.validity == nil:
		return 0
	}
	set, i, end := 0, c.bit, c.bit+c.n
	for ; i < end && i&7 != 0; i++ {
		set += int(c.validity[i>>3] >> (i & 7) & 1)
	}
	for ; i+8 <= end; i += 8 {
		set += bits.OnesCount8(c.validity[i>>3])
	}
	for ; i < end; i++ {
		set += int(c.validity[i>>3] >> (i & 7) & 1)
	}
	return c.n - set
}

// Size returns about how many bytes of memory the rows of the column take.
func (c *Column) Size() int64 {
	if c == nil {
		return 0
	}
	size := int64(4 * len(c.offsets))
	if c.validity != nil {
		size += int64(c.n+7) / 8
	}
	switch {
	case c.typ.Kind.IsText():
		size += int64(c.offsets[c.n] - c.offsets[0])
	case c.typ.Kind == List:
		size += c.child.Slice(int(c.offsets[0]), int(c.offsets[c.n])).Size()
	case c.typ.Kind == Bool:
		size += int64(c.n+7) / 8
	case c.values != nil:
		size += int64(len(c.values.bytes()))
	}
	for _, f := range c.fields {
		size += f.Size()
	}
	return size
}
