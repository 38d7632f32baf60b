package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/emberml/ember/tensor"
)

// Dim is one dimension of a shape: a known size, or a symbol such as "N" that
// stands for a size known only when the graph runs. Dims compare with ==; two
// symbols are the same dimension exactly when their names are equal.
type Dim struct {
	size int
	name string
}

// Known is the dimension of the given size.
func Known(size int) Dim { return Dim{size: size} }

// maxSymbol is the longest name of a symbol, so that expressions of expressions
// in a hostile file do not grow without bound.
const maxSymbol = 256

// Sym is the symbolic dimension of the given name; the checksum of a name that
// is very long stands for it.
func Sym(name string) Dim {
	if name == "" {
		name = "?"
	}
	if len(name) > maxSymbol {
		sum := sha256.Sum256([]byte(name))
		name = "~" + hex.EncodeToString(sum[:16])
	}
	return Dim{name: name}
}

// Size is the size of a known dimension; ok is false for a symbol.
func (d Dim) Size() (size int, ok bool) { return d.size, d.name == "" }

// IsKnown tells whether d is a known size.
func (d Dim) IsKnown() bool { return d.name == "" }

// Is tells whether d is the known size n.
func (d Dim) Is(n int) bool { return d.name == "" && d.size == n }

// String is the size or the symbol.
func (d Dim) String() string {
	if d.name != "" {
		return d.name
	}
	return strconv.Itoa(d.size)
}

// Mul is the dimension a·b. Products of symbols are kept in a canonical order,
// so that N·4 and 4·N are the same dimension. A known product that no int holds
// is the largest or least int, so that it never looks like a small one.
func (d Dim) Mul(b Dim) Dim {
	switch {
	case d.IsKnown() && b.IsKnown():
		return Known(boundedProduct(d.size, b.size))
	case d.Is(0) || b.Is(0):
		return Known(0)
	case d.Is(1):
		return b
	case b.Is(1):
		return d
	}
	n, symbols := d.product()
	m, more := b.product()
	symbols = append(symbols, more...)
	slices.Sort(symbols)
	return product(boundedProduct(n, m), symbols)
}

// product is the dimension of a known factor and sorted symbols.
func product(n int, symbols []string) Dim {
	switch {
	case len(symbols) == 0:
		return Known(n)
	case n != 1:
		symbols = append([]string{strconv.Itoa(n)}, symbols...)
	}
	return Sym(strings.Join(symbols, "*"))
}

// product is d as a known factor and symbols.
func (d Dim) product() (n int, symbols []string) {
	n = 1
	for _, f := range d.factors() {
		if k, err := strconv.Atoi(f); err == nil {
			n = boundedProduct(n, k)
		} else {
			symbols = append(symbols, f)
		}
	}
	return n, symbols
}

// factors splits a product at its top level.
func (d Dim) factors() []string {
	s := d.String()
	depth, from := 0, 0
	var out []string
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '*':
			if depth == 0 {
				out = append(out, s[from:i])
				from = i + 1
			}
		}
	}
	return append(out, s[from:])
}

// Div is the dimension ⌊a/b⌋ for a known b > 0; exact quotients of products
// simplify, so that (4·N)/4 is N.
func (d Dim) Div(b int) Dim {
	if d.IsKnown() {
		return Known(floorDiv(d.size, b))
	}
	if b == 1 {
		return d
	}
	if n, symbols := d.product(); n%b == 0 {
		return product(n/b, symbols)
	}
	return Sym(fmt.Sprintf("(%s/%d)", d, b))
}

// Quotient is the dimension a/b of two products where b divides a; symbols that
// both have cancel. ok is false where a symbol of b is left, or b is 0.
func (d Dim) Quotient(b Dim) (q Dim, ok bool) {
	n, symbols := d.product()
	m, divisors := b.product()
	if m == 0 {
		return Dim{}, false
	}
	for _, s := range divisors {
		i := slices.Index(symbols, s)
		if i < 0 {
			return Dim{}, false
		}
		symbols = slices.Delete(symbols, i, i+1)
	}
	return product(n, symbols).Div(m), true
}

// Add is the dimension a+b, bounded as in [Dim.Mul].
func (d Dim) Add(b Dim) Dim {
	switch {
	case d.IsKnown() && b.IsKnown():
		return Known(boundedSum(d.size, b.size))
	case b.Is(0):
		return d
	case d.Is(0):
		return b
	case d.IsKnown():
		d, b = b, d
	}
	if d == b {
		return Known(2).Mul(d)
	}
	if n, ok := b.Size(); ok && n < 0 {
		return Sym(fmt.Sprintf("(%s-%d)", d, -n))
	}
	return Sym(fmt.Sprintf("(%s+%s)", d, b))
}

// boundedProduct is a·b, or the nearest int.
func boundedProduct(a, b int) int {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	negative := (a < 0) != (b < 0)
	switch {
	case hi == 0 && lo <= math.MaxInt:
		return a * b
	case negative:
		return math.MinInt
	}
	return math.MaxInt
}

func magnitude(n int) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// boundedSum is a+b, or the nearest int.
func boundedSum(a, b int) int {
	switch {
	case b > 0 && a > math.MaxInt-b:
		return math.MaxInt
	case b < 0 && a < math.MinInt-b:
		return math.MinInt
	}
	return a + b
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// Shape is a list of dimensions, outermost first.
type Shape []Dim

// Dims is the shape of known sizes.
func Dims(sizes ...int) Shape {
	s := make(Shape, len(sizes))
	for i, n := range sizes {
		s[i] = Known(n)
	}
	return s
}

// Concrete is the shape as sizes; ok is false while a symbol is left.
func (s Shape) Concrete() (sizes tensor.Shape, ok bool) {
	sizes = make(tensor.Shape, len(s))
	for i, d := range s {
		if !d.IsKnown() {
			return nil, false
		}
		sizes[i] = d.size
	}
	return sizes, true
}

// Len is the number of elements as a dimension: the product of all.
func (s Shape) Len() Dim {
	n := Known(1)
	for _, d := range s {
		n = n.Mul(d)
	}
	return n
}

// Equal tells whether both shapes have the same dimensions.
func (s Shape) Equal(o Shape) bool {
	if len(s) != len(o) {
		return false
	}
	for i := range s {
		if s[i] != o[i] {
			return false
		}
	}
	return true
}

// Clone is a copy that may be changed.
func (s Shape) Clone() Shape { return append(Shape(nil), s...) }

// String is the shape in brackets, "[N 784]".
func (s Shape) String() string {
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = d.String()
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// BroadcastShapes is the shape that all shapes broadcast to by NumPy's rule:
// aligned at the last axis, sizes equal or 1. A symbol against a known size
// other than 1 gives the known size; it is checked again when the size is known.
func BroadcastShapes(shapes ...Shape) (Shape, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make(Shape, rank)
	for i := range out {
		out[i] = Known(1)
		for _, s := range shapes {
			j := i - (rank - len(s))
			if j < 0 {
				continue
			}
			d, ok := broadcastDim(out[i], s[j])
			if !ok {
				return nil, fmt.Errorf("shapes %v do not broadcast: %s and %s at axis %d", shapes, out[i], s[j], i)
			}
			out[i] = d
		}
	}
	return out, nil
}

func broadcastDim(a, b Dim) (Dim, bool) {
	switch {
	case a == b || b.Is(1):
		return a, true
	case a.Is(1):
		return b, true
	case a.IsKnown() && b.IsKnown():
		return Dim{}, false
	case a.IsKnown():
		return a, true
	case b.IsKnown():
		return b, true
	case a.name < b.name:
		return Sym("max(" + a.name + "," + b.name + ")"), true
	}
	return Sym("max(" + b.name + "," + a.name + ")"), true
}
