// Package comm joins workers into a [Group] whose members reduce and share
// slices of numbers. Learners are written against a Group and a shard of the
// data, so that one process and many run the same code.
//
// Today a group has one member, made by [Solo].
package comm

import "context"

// Group is the workers that learn one model together, seen from one of them.
type Group struct {
	rank, size int
}

// Solo is the group of one worker.
func Solo() *Group { return &Group{rank: 0, size: 1} }

// Rank numbers the members from 0.
func (g *Group) Rank() int { return g.rank }

// Size is the number of members.
func (g *Group) Size() int { return g.size }

// AllReduce replaces buf on every member by the sum over all members, the same
// bits everywhere. It returns the context's error once that is done.
func (g *Group) AllReduce(ctx context.Context, buf []float32) error {
	return ctx.Err()
}
