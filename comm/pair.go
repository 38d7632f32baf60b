package comm

import "github.com/emberml/ember/internal/kernel"

// pair adds up buf of the two members of a group, who send each other all of it:
// no more bytes than around a ring of two, and neither waits for a sum of the
// other's. It adds in the order of ranks.
//
// It never waits for ever: who waits until a segment has left has taken the
// other's, which therefore does not wait for an earlier one to leave.
func pair[T Number](g *Group, c *codec[T], buf []T) error {
	peer := 1 - g.rank
	pieces := segments(c, len(buf))
	before, sent := g.posted, 0
	for t := range pieces {
		for ; sent < pieces && sent <= t+ahead; sent++ {
			if err := send(g, c, peer, part(buf, sent, pieces), false); err != nil {
				return err
			}
		}
		own := part(buf, t, pieces)
		raw, err := recv(g, c, peer, len(own))
		if err != nil {
			return err
		}
		if err := g.await(before + t + 1); err != nil { // what leaves must not change
			return err
		}
		first, second := own, kernel.View[T](raw)
		if g.rank == 1 {
			first, second = second, first
		}
		kernel.Zip(kernel.Add, own, first, 1, second, 1)
	}
	return nil
}
