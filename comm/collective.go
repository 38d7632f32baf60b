package comm

import (
	"context"
	"fmt"
)

// allReduce is the sum over all members: exact where it is small, else with the
// codec.
func allReduce[T Number](g *Group, buf []T, c *codec[T]) error {
	exact := codecOf[T]()
	small := exact.width*len(buf) <= treeBytes
	switch {
	case g.size == 2 && (small || !c.lossy):
		return pair(g, exact, buf)
	case small:
		return tree(g, exact, buf)
	}
	if err := scatter(g, c, buf); err != nil {
		return err
	}
	return gather(g, c, buf)
}

// AllReduce is [Group.AllReduce] for any numbers, which travel as they are.
func AllReduce[T Number](ctx context.Context, g *Group, buf []T) error {
	if g.links == nil {
		return ctx.Err()
	}
	return g.do(ctx, func(g *Group) error { return allReduce(g, buf, codecOf[T]()) })
}

// ReduceScatter adds up buf over all members and leaves in buf[lo:hi] on each
// one its part of the sum: of len(buf) numbers, rank i of n has
// [len·i/n, len·(i+1)/n). The rest of buf is scratch afterwards.
func ReduceScatter[T Number](ctx context.Context, g *Group, buf []T) (lo, hi int, err error) {
	lo, hi = len(buf)*g.rank/g.size, len(buf)*(g.rank+1)/g.size
	if g.links == nil {
		return lo, hi, ctx.Err()
	}
	return lo, hi, g.do(ctx, func(g *Group) error { return scatter(g, codecOf[T](), buf) })
}

// AllGather fills buf on every member with the parts of all: rank i of n has its
// part in [len·i/n, len·(i+1)/n) before.
func AllGather[T Number](ctx context.Context, g *Group, buf []T) error {
	if g.links == nil {
		return ctx.Err()
	}
	return g.do(ctx, func(g *Group) error { return gather(g, codecOf[T](), buf) })
}

// Broadcast fills buf on every member with that of the root. It goes around the
// ring in segments, so that its time hardly depends on the number of members.
func Broadcast[T Number](ctx context.Context, g *Group, root int, buf []T) error {
	if root < 0 || root >= g.size {
		return fmt.Errorf("broadcast from rank %d: there are ranks 0 to %d", root, g.size-1)
	}
	if g.links == nil {
		return ctx.Err()
	}
	return g.do(ctx, func(g *Group) error { return chain(g, codecOf[T](), buf, root) })
}

// Barrier returns when all members have called it.
func (g *Group) Barrier(ctx context.Context) error {
	return AllReduce(ctx, g, make([]int64, 1))
}
