package frame

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// kindOf lists the kinds of typed slices.
func kindOf[T number]() Kind {
	switch any(*new(T)).(type) {
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int64:
		return Int64
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	case float32:
		return Float32
	}
	return Float64
}

// Of returns a column of the given numbers, and adopts the slice.
func Of[T number](values []T) *Column {
	return &Column{typ: Type{Kind: kindOf[T]()}, n: len(values), values: numbers[T](values)}
}

// As returns the column with the given kind, which must have the same memory: an
// Int32 becomes a Date, an Int64 a Timestamp or TimestampNTZ, a String a Binary, and
// back. Another pair is the caller's bug, and panics.
func (c *Column) As(k Kind) *Column {
	if memoryOf(c.typ.Kind) != memoryOf(k) {
		panic(fmt.Sprintf("frame: %v does not lie in memory as %v", c.typ, k))
	}
	s := *c
	s.typ = Type{Kind: k}
	return &s
}

// memoryOf returns the first kind whose values lie in memory as those of k.
func memoryOf(k Kind) Kind {
	switch k {
	case Date:
		return Int32
	case Timestamp, TimestampNTZ:
		return Int64
	case Binary:
		return String
	}
	return k
}

// Bools returns a column of the given bools.
func Bools(values []bool) *Column {
	return &Column{typ: Type{Kind: Bool}, n: len(values), content: packBits(values, 0)}
}

// packBits returns the bits from the given place on.
func packBits(values []bool, from int) []byte {
	b := make([]byte, (from+len(values)+7)/8)
	for i, v := range values {
		if v {
			b[(from+i)>>3] |= 1 << ((from + i) & 7)
		}
	}
	return b
}

// Strings returns a column of the given strings. They are copied to one piece of
// memory, which must stay under 2 GiB; more panics.
func Strings(values []string) *Column { return text(String, values) }

// Binaries returns a column of the given pieces of bytes, as [Strings] does.
func Binaries(values [][]byte) *Column { return text(Binary, values) }

func text[T string | []byte](k Kind, values []T) *Column {
	total := 0
	for _, v := range values {
		total += len(v)
	}
	if total > math.MaxInt32 {
		panic(fmt.Sprintf("frame: %d bytes are more than the 2 GiB of a column: use more frames with fewer rows", total))
	}
	c := &Column{typ: Type{Kind: k}, n: len(values), content: make([]byte, 0, total), offsets: make([]int32, 1, len(values)+1)}
	for _, v := range values {
		c.content = append(c.content, v...)
		c.offsets = append(c.offsets, int32(len(c.content)))
	}
	return c
}

// Texts returns a column of strings or binary, k, that lie one after another in
// content: row i is content[offsets[i]:offsets[i+1]]. It adopts both slices; offsets
// that do not rise from 0 or more to len(content) or less panic.
func Texts(k Kind, offsets []int32, content []byte) *Column {
	if !k.IsText() {
		panic(fmt.Sprintf("frame: texts of kind %v", k))
	}
	if err := checkOffsets(offsets, len(content)); err != nil {
		panic("frame: " + err.Error())
	}
	return &Column{typ: Type{Kind: k}, n: len(offsets) - 1, content: content, offsets: offsets}
}

// Lists returns a column of lists: row i is the elements offsets[i]…offsets[i+1]-1.
// It adopts the slice; offsets that do not rise from 0 or more to elem.Len() or less
// panic.
func Lists(offsets []int32, elem *Column) *Column {
	if err := checkOffsets(offsets, elem.n); err != nil {
		panic("frame: " + err.Error())
	}
	return &Column{typ: Type{Kind: List, Elem: &elem.typ}, n: len(offsets) - 1, offsets: offsets, child: elem}
}

// FixedLists returns a column of lists of the given length, which divides elem.Len().
func FixedLists(length int, elem *Column) *Column {
	if length <= 0 || elem.n%length != 0 {
		panic(fmt.Sprintf("frame: %d elements do not make lists of %d", elem.n, length))
	}
	offsets := make([]int32, elem.n/length+1)
	for i := range offsets {
		offsets[i] = int32(i * length)
	}
	return Lists(offsets, elem)
}

// checkOffsets reports offsets that do not rise within 0…n.
func checkOffsets(offsets []int32, n int) error {
	if len(offsets) == 0 {
		return fmt.Errorf("no offsets: want one more than rows")
	}
	last := int32(0)
	for i, o := range offsets {
		if o < last || int(o) > n {
			return fmt.Errorf("offset %d of row %d is outside %d…%d", o, i, last, n)
		}
		last = o
	}
	return nil
}

// WithValid returns the column with nulls where valid is false. A slice of another
// length than the column's is the caller's bug, and panics.
func (c *Column) WithValid(valid []bool) *Column {
	if len(valid) != c.n {
		panic(fmt.Sprintf("frame: validity of %d rows for a column of %d", len(valid), c.n))
	}
	s := *c
	s.validity = packBits(valid, c.bit)
	if s.nulls = countNulls(&s); s.nulls == 0 {
		s.validity = nil
	}
	return &s
}

// Decimals returns a column of 128-bit whole numbers, hi·2⁶⁴ + lo each, of which the
// last scale of at most precision digits are behind the point.
func Decimals(precision, scale int, hi []int64, lo []uint64) *Column {
	values := make(decimals, len(hi))
	for i := range values {
		values[i] = decimal128.New(hi[i], lo[i])
	}
	return &Column{typ: Type{Kind: Decimal, Precision: precision, Scale: scale}, n: len(values), values: values}
}

// Unscaled returns row i of a column of decimals as [Decimals] takes it.
func (c *Column) Unscaled(i int) (hi int64, lo uint64) {
	v := c.values.(decimals)[i]
	return v.HighBits(), v.LowBits()
}
