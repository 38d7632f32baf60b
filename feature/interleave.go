package feature

import "math/bits"

// interleave mixes sequences in proportion to their lengths: element i of a
// sequence of length L comes at (i+½)/L of the way, and equal ones in the order of
// the sequences. Any place is found without what comes before it.
type interleave struct {
	lengths []int
	total   int
	place   int      // of the element that next returns
	heads   []cursor // a heap: the next element of each sequence that has one left
}

// cursor is an element of a sequence.
type cursor struct{ sequence, index, length int }

// before reports whether a comes before b.
func (a cursor) before(b cursor) bool {
	hi, lo := bits.Mul64(uint64(2*a.index+1), uint64(b.length))
	hi2, lo2 := bits.Mul64(uint64(2*b.index+1), uint64(a.length))
	switch {
	case hi != hi2:
		return hi < hi2
	case lo != lo2:
		return lo < lo2
	}
	return a.sequence < b.sequence
}

func newInterleave(lengths []int) *interleave {
	m := &interleave{lengths: lengths, place: -1}
	for _, n := range lengths {
		m.total += n
	}
	return m
}

// seek makes next return the element at a place, 0…total. It takes as many steps as
// there are sequences, and none where the place is the next one anyway.
//
// The elements before a/total of the way, ⌈L·a/total - ½⌉ of each sequence, are
// together at most half the number of sequences more or fewer than a.
func (m *interleave) seek(place int) {
	if place == m.place {
		return
	}
	a := max(0, place-len(m.lengths)/2-1)
	m.place, m.heads = 0, m.heads[:0]
	for s, length := range m.lengths {
		if length == 0 {
			continue
		}
		index := passed(length, a, m.total)
		m.place += index
		if index < length {
			m.heads = append(m.heads, cursor{s, index, length})
		}
	}
	for i := len(m.heads)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	for m.place < place {
		m.next()
	}
}

// passed returns ⌈length·a/total - ½⌉, which is ⌊(2·length·a + total - 1) / 2·total⌋.
func passed(length, a, total int) int {
	hi, lo := bits.Mul64(2*uint64(length), uint64(a))
	lo, carry := bits.Add64(lo, uint64(total-1), 0)
	q, _ := bits.Div64(hi+carry, lo, 2*uint64(total))
	return int(q)
}

// next returns an element and goes on to the one after it.
func (m *interleave) next() (sequence, index int) {
	c := m.heads[0]
	m.place++
	if c.index+1 < c.length {
		m.heads[0].index++
	} else {
		last := len(m.heads) - 1
		m.heads[0] = m.heads[last]
		m.heads = m.heads[:last]
	}
	m.sink(0)
	return c.sequence, c.index
}

// sink restores the heap below i.
func (m *interleave) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(m.heads) {
			return
		}
		if child+1 < len(m.heads) && m.heads[child+1].before(m.heads[child]) {
			child++
		}
		if !m.heads[child].before(m.heads[i]) {
			return
		}
		m.heads[i], m.heads[child] = m.heads[child], m.heads[i]
		i = child
	}
}
