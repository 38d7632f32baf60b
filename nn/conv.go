package nn

import (
	"slices"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// convolution is what the convolutional layers share, for any number of spatial
// axes.
type convolution struct {
	filters, groups          int
	kernel, stride, dilation []int // one number an axis
	padding                  Padding
	activation               Activation
	bias                     bool
	l1, l2, dropout          float64
	init, biasInit           Init
}

// build adds dropout(activation(x ∗ W + b)) for x with channels on axis 1. Groups
// of 0 are as many as x has channels, and then filters count for each of them.
func (c convolution) build(b *Builder, x *graph.Value) *graph.Value {
	channels := b.size(x, 1)
	if c.groups == 0 {
		c.groups, c.filters = channels, channels*c.filters
	}
	if channels%c.groups != 0 || c.filters%c.groups != 0 {
		b.Failf("%d channels and %d filters do not split into %d groups", channels, c.filters, c.groups)
	}
	shape := append([]int{c.filters, channels / c.groups}, c.kernel...)
	w := b.Param("weight", c.init, shape...)
	b.Penalize(w, c.l1, c.l2)
	var bias *graph.Value
	if c.bias {
		bias = b.param("bias", c.biasInit, fansOf(shape), shape[:1])
	}
	reach := make([]int, len(c.kernel))
	for i, k := range c.kernel {
		reach[i] = (k - 1) * c.dilation[i]
	}
	pads, auto := c.padding.pads(b, len(c.kernel), reach), c.padding.autoPad()
	if auto != "" && slices.Max(c.dilation) > 1 { // ONNX Runtime knows no automatic padding of dilated filters
		pads, auto = c.samePads(b, x, reach), ""
	}
	y := op.Conv(x, w, bias, op.ConvOp{
		Strides: graph.MakeInts(c.stride...), Dilations: graph.MakeInts(c.dilation...), Group: c.groups,
		Pads: pads, AutoPad: auto,
	})
	return b.Dropout(c.activation.of(b, y), c.dropout)
}

// samePads are the numbers of cells that [Same] adds to x.
func (c convolution) samePads(b *Builder, x *graph.Value, reach []int) graph.Ints {
	axes := len(c.kernel)
	pads := make([]int, 2*axes)
	for i, stride := range c.stride {
		size := b.size(x, 2+i)
		total := max((size-1)/stride*stride+reach[i]+1-size, 0)
		pads[i], pads[axes+i] = total/2, total-total/2
	}
	return graph.MakeInts(pads...)
}
