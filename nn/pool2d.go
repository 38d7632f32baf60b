package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// MaxPool2D is the largest value in each window of an image. Padding never
// wins.
//
// Shapes: x is [N, channels, h, w], y is [N, channels, h', w'] with
// h' = ⌊(h + 2·padding − size)/stride⌋ + 1.
type MaxPool2D struct {
	Size    Pair    `default:"2" type:"number or [h, w]" doc:"size of the window"`
	Stride  Pair    `type:"number or [h, w]" doc:"step between windows; left out, it is the size"`
	Padding Padding `type:"valid, same or [h, w]" doc:"what is added around the image"`
}

// Build adds the layer to the graph.
func (l MaxPool2D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return pooling{l.Size.sizes(), l.Stride.or(l.Size).sizes(), l.Padding}.max(b, b.image(in))
}

// AveragePool2D is the mean of each window of an image; the cells of padding do
// not count. Shapes are those of [MaxPool2D].
type AveragePool2D struct {
	Size    Pair    `default:"2" type:"number or [h, w]" doc:"size of the window"`
	Stride  Pair    `type:"number or [h, w]" doc:"step between windows; left out, it is the size"`
	Padding Padding `type:"valid, same or [h, w]" doc:"what is added around the image"`
}

// Build adds the layer to the graph.
func (l AveragePool2D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return pooling{l.Size.sizes(), l.Stride.or(l.Size).sizes(), l.Padding}.average(b, b.image(in))
}

// GlobalAveragePool2D is the mean of each channel of an image.
//
// Shapes: x is [N, channels, h, w], y is [N, channels].
type GlobalAveragePool2D struct{}

// Build adds the layer to the graph.
func (GlobalAveragePool2D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	return op.Flatten(op.GlobalAveragePool(b.image(in)), 1)
}

// GlobalMaxPool2D is the largest value of each channel of an image. Shapes are
// those of [GlobalAveragePool2D].
type GlobalMaxPool2D struct{}

// Build adds the layer to the graph.
func (GlobalMaxPool2D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	return op.Flatten(op.GlobalMaxPool(b.image(in)), 1)
}
