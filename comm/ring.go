package comm

// A ring sends chunks to the right neighbor and receives from the left. Of n
// chunks, chunk i ends up at rank i. A step moves a chunk, segment by segment;
// each segment is sent on as soon as it is here, so that adding, sending and
// receiving overlap. Every member sends segment t before it waits for segment t
// of its neighbor; what it waits for was therefore sent without waiting for it.

// scatter adds the chunks up, step by step, until rank i has the sum of chunk i
// in the order of ranks i+1, i+2, …, i.
func scatter[T Number](g *Group, c *codec[T], buf []T) error {
	n := g.size
	pieces := segments(c, (len(buf)+n-1)/n)
	for step := range n - 1 {
		to, from := part(buf, mod(g.rank-1-step, n), n), part(buf, mod(g.rank-2-step, n), n)
		for i := range pieces {
			if err := send(g, c, mod(g.rank+1, n), part(to, i, pieces), false); err != nil {
				return err
			}
			dst := part(from, i, pieces)
			src, err := recv(g, c, mod(g.rank-1, n), len(dst))
			if err != nil {
				return err
			}
			c.add(dst, src)
		}
	}
	return nil
}

// gather passes the chunks around, of which rank i has chunk i, until all have
// all.
func gather[T Number](g *Group, c *codec[T], buf []T) error {
	n := g.size
	pieces := segments(c, (len(buf)+n-1)/n)
	for step := range n - 1 {
		to, from := part(buf, mod(g.rank-step, n), n), part(buf, mod(g.rank-1-step, n), n)
		for i := range pieces {
			if err := send(g, c, mod(g.rank+1, n), part(to, i, pieces), true); err != nil {
				return err
			}
			dst := part(from, i, pieces)
			src, err := recv(g, c, mod(g.rank-1, n), len(dst))
			if err != nil {
				return err
			}
			c.get(dst, src)
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
			src, err := recv(g, c, mod(g.rank-1, n), len(p))
			if err != nil {
				return err
			}
			c.get(p, src)
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
