package tensor

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// PrintOptions says how tensors are printed; its fields are those of NumPy's
// set_printoptions, and zero stands for NumPy's default.
type PrintOptions struct {
	Precision int  // digits after the point, at most; 8
	Threshold int  // elements from which on only the edges are printed; 1000
	EdgeItems int  // elements at each edge of an axis then printed; 3
	LineWidth int  // characters after which a row wraps; 75
	Suppress  bool // print small numbers as 0.0000 rather than with exponents
}

// String returns t as NumPy's str prints it: the elements alone, in nested
// brackets and aligned; a scalar without brackets. BFloat16 is printed as
// Float32 is.
func (t *Tensor) String() string { return PrintOptions{}.Sprint(t) }

// Sprint returns t as NumPy's str prints it under these options.
func (o PrintOptions) Sprint(t *Tensor) string {
	o.Precision, o.Threshold = cmp.Or(o.Precision, 8), cmp.Or(o.Threshold, 1000)
	o.EdgeItems, o.LineWidth = cmp.Or(o.EdgeItems, 3), cmp.Or(o.LineWidth, 75)
	switch {
	case t.Rank() == 0:
		return Data[string](Cast(t, String).Contiguous())[0]
	case t.Len() == 0:
		return "[]"
	}
	p := printer{edge: math.MaxInt}
	shown := t
	if t.Len() > o.Threshold {
		p.edge = o.EdgeItems
		for axis := range t.Rank() {
			shown = edges(shown, axis, p.edge)
		}
	}
	p.words = o.words(shown)
	return p.print(t.shape, " ", o.LineWidth)
}

// edges returns t without the middle of an axis.
func edges(t *Tensor, axis, n int) *Tensor {
	if t.shape[axis]/2 < n || t.shape[axis] == 2*n {
		return t
	}
	return Concat(axis, t.Slice(axis, 0, n, 1), t.Slice(axis, t.shape[axis]-n, t.shape[axis], 1))
}

// words returns the text of each element, padded to align.
func (o PrintOptions) words(t *Tensor) []string {
	switch t.dtype.class() {
	case classFloat:
		return o.floatWords(Float64s(t), t.dtype)
	case classString:
		words := slices.Clone(Data[string](t.Contiguous()))
		for i, s := range words {
			words[i] = quote(s)
		}
		return words
	}
	words := Data[string](Cast(t, String))
	width := 0
	for _, s := range words {
		width = max(width, len(s))
	}
	if t.dtype == Bool {
		width = len("False")
	}
	for i, s := range words {
		words[i] = strings.Repeat(" ", width-len(s)) + s
	}
	return words
}

// printer lays words out in brackets and lines.
type printer struct {
	words []string // still to print
	edge  int      // items at each end of a longer axis
}

// print returns the next words as an array of the given shape, whose lines after
// the first begin with indent. The rules are those of NumPy's _formatArray.
func (p *printer) print(shape Shape, indent string, width int) string {
	if len(shape) == 0 {
		word := p.words[0]
		p.words = p.words[1:]
		return word
	}
	n, gap := shape[0], -1
	if p.edge < math.MaxInt && n > 2*p.edge {
		n, gap = 2*p.edge, p.edge
	}
	var b strings.Builder
	line := ""
	for i := range n {
		last := i == n-1
		if len(shape) > 1 {
			if i == gap {
				b.WriteString(indent + "..." + strings.Repeat("\n", len(shape)-1))
			}
			b.WriteString(indent + p.print(shape[1:], indent+" ", width-1))
			if !last {
				b.WriteString(strings.Repeat("\n", len(shape)-1))
			}
			continue
		}
		if i == gap {
			line = wrap(&b, line, "...", indent, width-1) + " "
		}
		line = wrap(&b, line, p.print(nil, "", 0), indent, width-1)
		if !last {
			line += " "
		}
	}
	if len(shape) == 1 {
		b.WriteString(line)
	}
	return "[" + strings.TrimPrefix(b.String(), indent) + "]"
}

// wrap returns line with word appended; if that would exceed width, it writes
// the line to b and begins another.
func wrap(b *strings.Builder, line, word, indent string, width int) string {
	if line == "" {
		line = indent
	}
	if utf8.RuneCountInString(line)+utf8.RuneCountInString(word) > width && len(line) > len(indent) {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		line = indent
	}
	return line + word
}

// floatWords follows NumPy's FloatingFormat: one common layout for all numbers.
func (o PrintOptions) floatWords(data []float64, dt DType) []string {
	words := make([]string, len(data))
	form := positional
	useExp := o.useExponent(data, dt)
	if useExp {
		form = scientific
	}
	decimals := make([]decimal, len(data))
	var whole, frac, exp int
	for i, v := range data {
		if nonFinite(v) == "" {
			d := form(v, dt, o.Precision)
			whole, frac, exp = max(whole, len(d.whole)), max(frac, len(d.frac)), max(exp, len(d.exp))
			decimals[i] = d
		}
	}
	right := frac // width after the point
	if useExp {
		right += 1 + exp
	}
	for _, v := range data {
		whole = max(whole, len(nonFinite(v))-right-1)
	}
	for i, v := range data {
		d := decimals[i]
		word := nonFinite(v)
		switch {
		case word != "":
			word = strings.Repeat(" ", whole+1+right-len(word)) + word
		case useExp:
			// Digits beyond the shortest are those of the exact value.
			d = cutDecimal(strconv.FormatFloat(v, 'e', frac, 64))
			word = d.whole + "." + d.frac + "e" + d.exp[:1] + strings.Repeat("0", exp-len(d.exp)) + d.exp[1:]
			word = strings.Repeat(" ", whole-len(d.whole)) + word
		default:
			word = strings.Repeat(" ", whole-len(d.whole)) + d.whole + "." + d.frac + strings.Repeat(" ", frac-len(d.frac))
		}
		words[i] = word
	}
	return words
}

// useExponent reports whether the numbers span too much to be printed without
// exponents.
func (o PrintOptions) useExponent(data []float64, dt DType) bool {
	lo, hi := math.Inf(1), 0.0
	for _, v := range data {
		if a := math.Abs(v); a != 0 && nonFinite(v) == "" {
			lo, hi = min(lo, a), max(hi, a)
		}
	}
	if hi == 0 {
		return false
	}
	limit := min(exponentFrom(dt), 1e8)
	return hi >= limit || !o.Suppress && (lo < roundTo(dt, 1e-4) || roundTo(dt, hi/lo) > 1000)
}

// quote returns s as Python's repr writes it.
func quote(s string) string {
	mark := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		mark = '"'
	}
	b := []byte{mark}
	for _, r := range s {
		switch {
		case r == rune(mark) || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\r':
			b = append(b, `\r`...)
		case strconv.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case r < 0x100:
			b = append(b, `\x`+hex(r, 2)...)
		case r < 0x10000:
			b = append(b, `\u`+hex(r, 4)...)
		default:
			b = append(b, `\U`+hex(r, 8)...)
		}
	}
	return string(append(b, mark))
}

func hex(r rune, digits int) string {
	s := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", digits-len(s)) + s
}
