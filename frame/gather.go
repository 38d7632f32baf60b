package frame

import (
	"fmt"
	"math"
)

// gather returns a copy of the given rows of c; negative ones are null. take is told
// how many bytes that needs, before they are allocated.
func (c *Column) gather(rows []int32, take func(int64) error) (*Column, error) {
	out := &Column{typ: c.typ, n: len(rows)}
	valid := make([]bool, len(rows))
	for i, r := range rows {
		valid[i] = r >= 0 && !c.Null(int(r))
	}
	var err error
	switch {
	case c.offsets != nil:
		err = c.gatherRuns(out, rows, take)
	case c.typ.Kind == Bool:
		bits := make([]bool, len(rows))
		for i, r := range rows {
			bits[i] = valid[i] && c.Bool(int(r))
		}
		out.content = packBits(bits, 0)
	case c.values != nil:
		if err = take(int64(len(rows)) * 16); err == nil {
			out.values = c.values.gather(rows)
		}
	}
	for _, f := range c.fields {
		g, err := f.gather(rows, take)
		if err != nil {
			return nil, err
		}
		out.fields = append(out.fields, g)
	}
	if err != nil {
		return nil, err
	}
	return out.WithValid(valid), nil
}

// gatherRuns copies texts and lists.
func (c *Column) gatherRuns(out *Column, rows []int32, take func(int64) error) error {
	total := int64(0)
	for _, r := range rows {
		if r >= 0 {
			total += int64(c.offsets[r+1] - c.offsets[r])
		}
	}
	if total > math.MaxInt32 {
		return fmt.Errorf("%d values are more than the %d of a column", total, math.MaxInt32)
	}
	if err := take(total + 4*int64(len(rows))); err != nil {
		return err
	}
	out.offsets = make([]int32, 1, len(rows)+1)
	elements := make([]int32, 0, 0)
	if c.typ.Kind.IsText() {
		out.content = make([]byte, 0, total)
	} else {
		elements = make([]int32, 0, total)
	}
	end := int32(0)
	for _, r := range rows {
		if r >= 0 {
			lo, hi := c.offsets[r], c.offsets[r+1]
			if c.typ.Kind.IsText() {
				out.content = append(out.content, c.content[lo:hi]...)
			} else {
				for e := lo; e < hi; e++ {
					elements = append(elements, e)
				}
			}
			end += hi - lo
		}
		out.offsets = append(out.offsets, end)
	}
	if c.typ.Kind != List {
		return nil
	}
	var err error
	out.child, err = c.child.gather(elements, take)
	return err
}
