package data

import (
	"encoding/binary"
	"slices"

	"github.com/emberml/ember/frame"
)

// maker makes a column of what a codec has written.
type maker interface {
	// take takes a value off the front of a row and returns what is behind it;
	// ok is false if the row is too short.
	take(row []byte, null bool) (rest []byte, ok bool)
	column() *frame.Column
}

func makerOf(t frame.Type, rows int) maker {
	if w, ok := widths[t.Kind]; ok {
		return &widthMaker{kind: t.Kind, width: w, values: make([]byte, 0, rows*w.size)}
	}
	switch t.Kind {
	case frame.Bool:
		return new(boolMaker)
	case frame.List:
		return &listMaker{rows: rows, elem: makerOf(*t.Elem, rows), offsets: append(make([]int32, 0, rows+1), 0)}
	}
	return &textMaker{kind: t.Kind, rows: rows, offsets: append(make([]int32, 0, rows+1), 0)}
}

// makerMemory is how many bytes are reserved at most for values of a length that is
// not known: as many as the first one has.
const makerMemory = 8 << 20

// validity tells which values of a column are missing.
type validity struct {
	n     int
	valid []bool // nil: none is missing so far
}

func (v *validity) add(null bool) {
	if null && v.valid == nil {
		v.valid = slices.Repeat([]bool{true}, v.n)
	}
	v.n++
	if v.valid != nil {
		v.valid = append(v.valid, !null)
	}
}

// addRun adds n values that are all there.
func (v *validity) addRun(n int) {
	v.n += n
	if v.valid != nil {
		v.valid = append(v.valid, slices.Repeat([]bool{true}, n)...)
	}
}

func (v *validity) apply(c *frame.Column) *frame.Column {
	if v.valid == nil {
		return c
	}
	return c.WithValid(v.valid)
}

// widthMaker makes a column of values of fixed width.
type widthMaker struct {
	validity
	width
	kind   frame.Kind
	values []byte
}

func (m *widthMaker) take(row []byte, null bool) ([]byte, bool) {
	if len(row) < m.size {
		return nil, false
	}
	m.add(null)
	m.values = append(m.values, row[:m.size]...)
	return row[m.size:], true
}

// takeRun takes n values that are all there.
func (m *widthMaker) takeRun(row []byte, n int) ([]byte, bool) {
	if len(row)/m.size < n {
		return nil, false
	}
	m.addRun(n)
	m.values = append(m.values, row[:n*m.size]...)
	return row[n*m.size:], true
}

func (m *widthMaker) column() *frame.Column {
	c := m.width.column(m.values)
	if c.Type().Kind != m.kind {
		c = c.As(m.kind)
	}
	return m.apply(c)
}

// boolMaker makes a column of bools.
type boolMaker struct {
	validity
	values []bool
}

func (m *boolMaker) take(row []byte, null bool) ([]byte, bool) {
	if len(row) < 1 {
		return nil, false
	}
	m.add(null)
	m.values = append(m.values, row[0] != 0)
	return row[1:], true
}

func (m *boolMaker) column() *frame.Column { return m.apply(frame.Bools(m.values)) }

// textMaker makes a column of strings or binary.
type textMaker struct {
	validity
	kind    frame.Kind
	rows    int
	offsets []int32
	content []byte
}

func (m *textMaker) take(row []byte, null bool) ([]byte, bool) {
	n, row, ok := takeLength(row)
	if !ok || len(row) < n {
		return nil, false
	}
	m.add(null)
	if m.content == nil {
		m.content = make([]byte, 0, min(m.rows*n, makerMemory))
	}
	m.content = append(m.content, row[:n]...)
	m.offsets = append(m.offsets, int32(len(m.content)))
	return row[n:], true
}

func (m *textMaker) column() *frame.Column {
	return m.apply(frame.Texts(m.kind, m.offsets, m.content))
}

func takeLength(row []byte) (n int, rest []byte, ok bool) {
	if len(row) < 4 {
		return 0, nil, false
	}
	return int(binary.LittleEndian.Uint32(row)), row[4:], true
}

// listMaker makes a column of lists.
type listMaker struct {
	validity
	rows    int
	elem    maker
	offsets []int32
}

func (m *listMaker) take(row []byte, null bool) ([]byte, bool) {
	n, row, ok := takeLength(row)
	if !ok {
		return nil, false
	}
	m.add(null)
	var missing []byte
	if n&listNulls != 0 {
		if n &^= listNulls; len(row) < n {
			return nil, false
		}
		missing, row = row[:n], row[n:]
	}
	m.offsets = append(m.offsets, m.offsets[len(m.offsets)-1]+int32(n))
	if run, fixed := m.elem.(*widthMaker); fixed && missing == nil {
		if len(run.values) == 0 {
			run.values = slices.Grow(run.values, min(m.rows*n*run.size, makerMemory))
		}
		return run.takeRun(row, n)
	}
	for i := range n {
		if row, ok = m.elem.take(row, missing != nil && missing[i] != 0); !ok {
			return nil, false
		}
	}
	return row, true
}

func (m *listMaker) column() *frame.Column { return m.apply(frame.Lists(m.offsets, m.elem.column())) }
