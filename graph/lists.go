package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Strings is a list of words that compares with ==, for the attributes of an
// [Op]. The zero value is the empty list.
type Strings struct{ packed string }

// MakeStrings is the list of the given words.
func MakeStrings(words ...string) Strings {
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, "%d:%s", len(w), w)
	}
	return Strings{b.String()}
}

// Slice is the list as a new slice.
func (l Strings) Slice() []string {
	var out []string
	for rest := l.packed; rest != ""; {
		length, tail, _ := strings.Cut(rest, ":")
		n, _ := strconv.Atoi(length)
		out, rest = append(out, tail[:n]), tail[n:]
	}
	return out
}

// String prints the list as a slice, "[Relu Tanh]".
func (l Strings) String() string { return fmt.Sprint(l.Slice()) }

// Floats is a list of numbers that compares with ==, for the attributes of an
// [Op]. The zero value is the empty list.
type Floats struct{ packed string }

// MakeFloats is the list of the given numbers.
func MakeFloats(values ...float64) Floats {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return Floats{strings.Join(words, " ")}
}

// Slice is the list as a new slice.
func (l Floats) Slice() []float64 {
	var out []float64
	for word := range strings.FieldsSeq(l.packed) {
		v, _ := strconv.ParseFloat(word, 64)
		out = append(out, v)
	}
	return slices.Clip(out)
}

// String prints the list as a slice, "[0.5 1]".
func (l Floats) String() string { return fmt.Sprint(l.Slice()) }
