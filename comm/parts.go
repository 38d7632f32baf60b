package comm

import (
	"fmt"

	"github.com/emberml/ember/internal/kernel"
)

// Span is a run of parts, from Lo up to but not including Hi.
type Span struct{ Lo, Hi int }

// halves are the two spans whose sums make up that of the span, in this order.
func (s Span) halves() (left, right Span) {
	middle := (s.Lo + s.Hi) / 2
	return Span{s.Lo, middle}, Span{middle, s.Hi}
}

// Spans are what a member gives to [Group.StartParts]. Each of the parts belongs
// to one member: rank r of n has [parts·r/n, parts·(r+1)/n). The sum over all of
// them is that of the first half of the parts plus that of the second, and so on
// down to single parts. Spans are the largest of these sums, in order, that are
// made of the member's own parts alone.
func Spans(parts, rank, ranks int) []Span {
	own := Span{parts * rank / ranks, parts * (rank + 1) / ranks}
	var spans []Span
	var cover func(s Span)
	cover = func(s Span) {
		switch {
		case s.Lo >= own.Hi || s.Hi <= own.Lo:
		case s.Lo >= own.Lo && s.Hi <= own.Hi:
			spans = append(spans, s)
		default:
			left, right := s.halves()
			cover(left)
			cover(right)
		}
	}
	cover(Span{0, parts})
	return spans
}

// StartParts begins an addition of so many parts, at least one of each member,
// whose result has the same bits for any number of members. sums are the
// member's own, one for each of its [Spans], of one length; each of them adds up
// its parts in the order of Spans. Until Wait returns they belong to the group;
// then the last of them is the sum over all members, and the others are scratch.
//
// Members send each other directly what is to be added up in one place, then
// that goes around a ring: where each has a single span, a member sends and
// receives 2·(n-1)/n numbers for each number, as in AllReduce. Numbers travel as
// they are, whatever Options.Wire says.
func (g *Group) StartParts(parts int, sums [][]float32) Pending {
	if g.links == nil {
		return Pending{}
	}
	op := g.operation()
	op.run = func(g *Group) error { return addParts(g, parts, sums) }
	return g.enqueue(op)
}

// combine adds up the values of spans, which together are the whole, and returns
// the sum, in the memory of one of them.
func combine(whole Span, spans []Span, values [][]float32) []float32 {
	if spans[0] == whole {
		return values[0]
	}
	left, right := whole.halves()
	cut := 0
	for spans[cut].Lo < right.Lo {
		cut++
	}
	sum := combine(left, spans[:cut], values[:cut])
	kernel.Zip(kernel.Add, sum, sum, 1, combine(right, spans[cut:], values[cut:]), 1)
	return sum
}

// addition is a StartParts under way.
type addition struct {
	parts  int
	spans  []Span // of all members
	first  []int  // in spans, of each member's; after the last, their number
	pieces int    // into which the numbers of one member are cut
	values [][]float32
	taken  []float32 // what the others sent of the piece at hand
}

func newAddition(parts, members, numbers int) (*addition, error) {
	a := &addition{parts: parts, first: make([]int, members+1)}
	most := 0 // spans of a member
	for rank := range members {
		a.spans = append(a.spans, Spans(parts, rank, members)...)
		a.first[rank+1] = len(a.spans)
		n := a.first[rank+1] - a.first[rank]
		if n == 0 {
			return nil, fmt.Errorf("%d parts cannot be shared among %d members", parts, members)
		}
		most = max(most, n)
	}
	share := (numbers + members - 1) / members
	a.pieces = segments(&float32s, share*most)
	a.values = make([][]float32, len(a.spans))
	a.taken = make([]float32, len(a.spans)*(share/a.pieces+1))
	return a, nil
}

// own are a member's places among the spans.
func (a *addition) own(rank int) (lo, hi int) { return a.first[rank], a.first[rank+1] }

// piece is the i-th part of a member's share of the numbers.
func (a *addition) piece(x []float32, rank, i int) []float32 {
	return part(part(x, rank, len(a.first)-1), i, a.pieces)
}

// addParts is the operation of StartParts. Each member adds up its share of the
// numbers. It goes through it piece by piece, and sends each other member the
// same piece of that one's share; it may be ahead with sending. It never waits
// for ever: where it waits to send, some member has taken fewer frames than
// itself.
func addParts(g *Group, parts int, sums [][]float32) error {
	n, numbers := g.size, len(sums[0])
	a, err := newAddition(parts, n, numbers)
	if err != nil {
		return err
	}
	lo, hi := a.own(g.rank)
	if hi-lo != len(sums) {
		return fmt.Errorf("rank %d gives %d sums of its parts, which have %d spans", g.rank, len(sums), hi-lo)
	}
	result := sums[len(sums)-1]
	if len(a.spans) == 2 {
		return pair(g, &float32s, result)
	}
	sent, frames := 0, a.pieces*(n-1)
	for i := range a.pieces {
		for step := 1; step < n; step++ {
			for ; sent < frames && sent <= i*(n-1)+step-1+ahead; sent++ {
				to := mod(g.rank+1+sent%(n-1), n)
				if err := a.send(g, to, sums, sent/(n-1)); err != nil {
					return err
				}
			}
			if err := a.take(g, mod(g.rank-step, n), len(a.piece(result, g.rank, i))); err != nil {
				return err
			}
		}
		for j, sum := range sums {
			a.values[lo+j] = a.piece(sum, g.rank, i)
		}
		copy(a.piece(result, g.rank, i), combine(Span{0, parts}, a.spans, a.values))
	}
	return gather(g, &float32s, result)
}

// send sends a member a piece of its share, of all sums.
func (a *addition) send(g *Group, to int, sums [][]float32, i int) error {
	if len(sums) == 1 {
		return send(g, &float32s, to, a.piece(sums[0], to, i), false)
	}
	buf, err := g.buffer()
	if err != nil {
		return err
	}
	frame := kernel.View[float32](buf)[:0]
	for _, sum := range sums {
		frame = append(frame, a.piece(sum, to, i)...)
	}
	g.post(outgoing{to, kernel.View[byte](frame), buf})
	return nil
}

// take takes the piece at hand, of n numbers, of all sums of a member.
func (a *addition) take(g *Group, from, n int) error {
	lo, hi := a.own(from)
	frame := a.taken[lo*n : hi*n]
	for i := lo; i < hi; i++ {
		a.values[i] = a.taken[i*n : (i+1)*n]
	}
	return replace(g, &float32s, from, frame)
}
