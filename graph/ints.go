package graph

import (
	"encoding/binary"
	"fmt"
)

// Ints is a list of integers that compares with ==, for the attributes of an
// [Op] such as axes, pads and permutations. The zero value is the empty list.
type Ints struct{ packed string }

// MakeInts is the list of the given values.
func MakeInts(values ...int) Ints {
	var b []byte
	for _, v := range values {
		b = binary.AppendVarint(b, int64(v))
	}
	return Ints{string(b)}
}

// Slice is the list as a new slice.
func (l Ints) Slice() []int {
	var out []int
	for b := []byte(l.packed); len(b) > 0; {
		v, n := binary.Varint(b)
		out = append(out, int(v))
		b = b[n:]
	}
	return out
}

// Len is the number of values.
func (l Ints) Len() int { return len(l.Slice()) }

// Or is the list itself, or the given values where it is empty: the default of
// an attribute that may be left out.
func (l Ints) Or(values ...int) []int {
	if l.packed == "" {
		return values
	}
	return l.Slice()
}

// String prints the list as a slice, "[0 1]".
func (l Ints) String() string { return fmt.Sprint(l.Slice()) }
