package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// pooling is what the pooling layers share, for any number of spatial axes.
type pooling struct {
	size, stride []int // one number an axis
	padding      Padding
}

// max is the largest value in each window.
func (p pooling) max(b *Builder, x *graph.Value) *graph.Value {
	return op.MaxPool(x, op.MaxPoolOp{
		KernelShape: graph.MakeInts(p.size...), Strides: graph.MakeInts(p.stride...),
		Pads: p.padding.pads(b, len(p.size), nil), AutoPad: p.padding.autoPad(),
	})
}

// average is the mean of each window, of the cells that are not padding.
func (p pooling) average(b *Builder, x *graph.Value) *graph.Value {
	return op.AveragePool(x, op.AveragePoolOp{
		KernelShape: graph.MakeInts(p.size...), Strides: graph.MakeInts(p.stride...),
		Pads: p.padding.pads(b, len(p.size), nil), AutoPad: p.padding.autoPad(),
	})
}
