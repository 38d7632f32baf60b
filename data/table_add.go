package data

import (
	"fmt"
	"math"
	"strings"

	"github.com/emberml/ember/frame"
)

// add looks at the next rows: a missing or infinite number, or a list of another
// length than the first, is an error that names the row.
func (t *table) add(f *frame.Frame) error {
	for _, c := range t.features {
		if err := t.check(f, c); err != nil {
			return err
		}
	}
	for _, c := range t.target {
		if i := firstNull(f.Column(c)); i >= 0 {
			return t.missing(c, i)
		}
	}
	switch t.schema.Target.Kind {
	case Classes:
		column := f.Column(t.target[0])
		for i := range f.Rows() {
			t.codes = append(t.codes, t.textCode(column.String(i)))
		}
	case Numbers:
		for i := range f.Rows() {
			for _, c := range t.target {
				t.y = append(t.y, float32(f.Column(c).Float64(i)))
			}
		}
	}
	t.rows += f.Rows()
	return nil
}

// textCode returns the place of a label in texts.
func (t *table) textCode(text string) int64 {
	code, ok := t.code[text]
	if !ok {
		text = strings.Clone(text) // of the frame's memory
		code = int64(len(t.texts))
		t.texts = append(t.texts, text)
		t.code[text] = code
	}
	return code
}

// check looks at a column of features.
func (t *table) check(f *frame.Frame, c int) error {
	column := f.Column(c)
	if i := firstNull(column); i >= 0 {
		return t.missing(c, i)
	}
	if t.sample == formNumbers {
		if i := firstInfinite(column); i >= 0 {
			return t.notFinite(c, i, column.Float64(i))
		}
		return nil
	}
	length := func(i int) int { return len(column.Bytes(i)) }
	if t.sample == formList {
		length = func(i int) int {
			lo, hi := column.List(i)
			return hi - lo
		}
	}
	for i := range f.Rows() {
		switch n := length(i); {
		case t.length < 0:
			t.length = n
		case n != t.length:
			return t.content(fmt.Sprintf("column %s has %d values in row %d, %d in the rows before", t.columns[c].Name, n, t.rows+i, t.length), "make all of one length")
		}
	}
	if t.sample == formList {
		return t.checkElements(column, c)
	}
	if size := t.schema.DType.Size(); t.length > 0 && t.length%size != 0 {
		return t.content(fmt.Sprintf("column %s has %d bytes in a row, which are no whole number of %v", t.columns[c].Name, t.length, t.schema.DType), "give the type of its values")
	}
	return nil
}

// checkElements looks at the elements of lists, which are of one length.
func (t *table) checkElements(column *frame.Column, c int) error {
	if n := column.Len(); n > 0 {
		lo, _ := column.List(0)
		_, hi := column.List(n - 1)
		if all := column.Elem().Slice(lo, hi); firstNull(all) < 0 && firstInfinite(all) < 0 {
			return nil
		}
	}
	for i := range column.Len() {
		elem := column.Elem().Slice(column.List(i))
		if firstNull(elem) >= 0 {
			return t.missing(c, i)
		}
		if j := firstInfinite(elem); j >= 0 {
			return t.notFinite(c, i, elem.Float64(j))
		}
	}
	return nil
}

func (t *table) missing(c, i int) error {
	return t.content(fmt.Sprintf("the value of column %s is missing in row %d", t.columns[c].Name, t.rows+i), "fill it in, or remove the row or the column")
}

func (t *table) notFinite(c, i int, v float64) error {
	return t.content(fmt.Sprintf("the value of column %s is %v in row %d", t.columns[c].Name, v, t.rows+i), "fix it, or remove the row or the column")
}

// firstNull returns the first row that has no value, or -1.
func firstNull(c *frame.Column) int {
	for i := 0; i < c.Len() && c.Nulls() > 0; i++ {
		if c.Null(i) {
			return i
		}
	}
	return -1
}

// firstInfinite returns the first row that is an infinity or not a number, or -1.
func firstInfinite(c *frame.Column) int {
	switch c.Type().Kind {
	case frame.Float32:
		return firstNotFinite(frame.Values[float32](c))
	case frame.Float64:
		return firstNotFinite(frame.Values[float64](c))
	}
	return -1
}

func firstNotFinite[T float32 | float64](values []T) int {
	for i, v := range values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return i
		}
	}
	return -1
}
