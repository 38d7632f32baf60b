package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/op"
)

// complete is the options with their defaults; one out of bounds fails.
func complete[T any](b *Builder, options T) T {
	if err := config.ValidateAs(kindOf(options), options); err != nil {
		b.Failf("%v", err)
	}
	config.Defaults(&options)
	return options
}

// size is the extent of an axis that has to be known while the net is built:
// any but the batch's.
func (b *Builder) size(x *graph.Value, axis int) int {
	d := x.Shape()[b.axis(x, axis)]
	n, ok := d.Size()
	if !ok {
		b.Failf("axis %d of the input %v must have a known size", axis, x.Shape())
	}
	return n
}

// axis is an axis of x counted from the front, any but the batch's.
func (b *Builder) axis(x *graph.Value, axis int) int {
	a := axis
	if a < 0 {
		a += x.Rank()
	}
	if a < 0 || a >= x.Rank() {
		b.Failf("axis %d is outside the input %v", axis, x.Shape())
	}
	if a == 0 {
		b.Failf("axis %d of the input %v is the batch, whose samples do not mix", axis, x.Shape())
	}
	return a
}

// sequence is the only input of a layer that works on sequences.
func (b *Builder) sequence(in []*graph.Value) *graph.Value {
	return b.spatial(in, "sequences [N, channels, length]", 3)
}

// image is the only input of a layer that works on images.
func (b *Builder) image(in []*graph.Value) *graph.Value {
	return b.spatial(in, "images [N, channels, height, width]", 4)
}

// volume is the only input of a layer that works on volumes.
func (b *Builder) volume(in []*graph.Value) *graph.Value {
	return b.spatial(in, "volumes [N, channels, depth, height, width]", 5)
}

func (b *Builder) spatial(in []*graph.Value, what string, rank int) *graph.Value {
	x := b.One(in)
	if x.Rank() != rank {
		b.Failf("wants %s, given %v", what, x.Shape())
	}
	return x
}

// scale is x·factor.
func (b *Builder) scale(x *graph.Value, factor float64) *graph.Value {
	if factor == 1 {
		return x
	}
	return op.Mul(x, op.Scalar(x, factor))
}
