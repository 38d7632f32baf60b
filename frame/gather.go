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
	switch {
	case c.offsets != nil:
		if err := c.gatherRuns(out, rows, take); err != nil {
			return nil, err
		}
	case c.typ.Kind == Bool:
		bools := make([]bool, len(rows))
		for i, r := range rows {
			bools[i] = valid[i] && c.Bool(int(r))
		}
		out.content = packBits(bools, 0)
	case c.values != nil:
		const widest = 16 // bytes of a value
		if err := take(widest * int64(len(rows))); err != nil {
			return nil, err
		}
		out.values = c.values.gather(rows)
	}
	for _, f := range c.fields {
		g, err := f.gather(rows, take)
		if err != nil {
			return nil, err
		}
		out.fields = append(out.fields, g)
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
	var elements []int32
	end := int32(0)
	for _, r := range rows {
		if r >= 0 {
			lo, hi := c.offsets[r], c.offsets[r+1]
			if c.typ.Kind == List {
				for e := lo; e < hi; e++ {
					elements = append(elements, e)
				}
			} else {
				out.content = append(out.content, c.content[lo:hi]...)
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
