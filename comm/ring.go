package comm

// scatter adds the chunks of buf up, around the ring, until rank i has the sum
// of chunk i in the order of ranks i+1, i+2, …, i.
func scatter[T Number](g *Group, c *codec[T], buf []T) error {
	return ring(g, c, buf, 1, false, accumulate[T])
}

// gather passes the chunks around, of which rank i has chunk i, until all have
// all.
func gather[T Number](g *Group, c *codec[T], buf []T) error {
	return ring(g, c, buf, 0, true, replace[T])
}

// taker takes numbers from a peer: accumulate or replace.
type taker[T Number] func(g *Group, c *codec[T], from int, dst []T) error

// ring makes n-1 steps among n members, each of which sends a chunk to the right
// neighbor and takes one from the left: in its first step a member sends the
// chunk that is behind positions before its rank, and then always the one that
// it has just taken. A chunk goes in segments, each of which is sent on as soon
// as it is here, so that adding, sending and receiving overlap.
//
// A member sends up to ahead segments before it takes one. It never waits for
// ever: where it waits to send, its neighbor has taken fewer segments than
// itself, since there are more buffers than segments ahead; that cannot be so all
// around the ring. Nor does it overwrite what waits to be sent: a chunk that comes
// round again was taken by the neighbor before.
func ring[T Number](g *Group, c *codec[T], buf []T, behind int, settle bool, take taker[T]) error {
	n := g.size
	pieces := segments(c, (len(buf)+n-1)/n)
	at := func(t, behind int) []T { // the t-th segment of those that go by
		return part(part(buf, mod(g.rank-behind-t/pieces, n), n), t%pieces, pieces)
	}
	total, sent := (n-1)*pieces, 0
	for t := range total {
		for sent < total && sent <= t+ahead && sent-pieces < t {
			if err := send(g, c, mod(g.rank+1, n), at(sent, behind), settle); err != nil {
				return err
			}
			sent++
		}
		if err := take(g, c, mod(g.rank-1, n), at(t, behind+1)); err != nil {
			return err
		}
	}
	return nil
}

// chain passes buf from the root around the ring.
func chain[T Number](g *Group, c *codec[T], buf []T, root int) error {
	n := g.size
	pieces := segments(c, len(buf))
	last := mod(root-1, n)
	for i := range pieces {
		p := part(buf, i, pieces)
		if g.rank != root {
			if err := replace(g, c, mod(g.rank-1, n), p); err != nil {
				return err
			}
		}
		if g.rank != last {
			if err := send(g, c, mod(g.rank+1, n), p, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// mod is i modulo n, not negative.
func mod(i, n int) int { return ((i % n) + n) % n }
