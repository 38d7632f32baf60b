package comm

// treeBytes is the size up to which the few hops of a tree beat the bandwidth of
// the ring.
const treeBytes = 32 << 10

// tree adds up buf in a binomial tree to rank 0 and spreads the sum the same way
// back: 2·⌈log₂ n⌉ hops. Each member adds its children in the order of their
// ranks. buf fits in a segment.
func tree[T Number](g *Group, c *codec[T], buf []T) error {
	mask := 1
	for ; mask < g.size; mask <<= 1 {
		if g.rank&mask != 0 {
			if err := send(g, c, g.rank-mask, buf, false); err != nil {
				return err
			}
			if err := replace(g, c, g.rank-mask, buf); err != nil {
				return err
			}
			break
		}
		if child := g.rank + mask; child < g.size {
			if err := accumulate(g, c, child, buf); err != nil {
				return err
			}
		}
	}
	for mask >>= 1; mask > 0; mask >>= 1 {
		if child := g.rank + mask; child < g.size {
			if err := send(g, c, child, buf, false); err != nil {
				return err
			}
		}
	}
	return nil
}
