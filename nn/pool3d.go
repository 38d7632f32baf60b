package nn

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// MaxPool3D is the largest value in each window of a volume. Padding never wins.
//
// Shapes: x is [N, channels, d, h, w], y is [N, channels, d', h', w'] with
// d' = ⌊(d + 2·padding − size)/stride⌋ + 1.
type MaxPool3D struct {
	Size    Triple  `default:"2" type:"number or [d, h, w]" doc:"size of the window"`
	Stride  Triple  `type:"number or [d, h, w]" doc:"step between windows; left out, it is the size"`
	Padding Padding `type:"valid, same or [d, h, w]" doc:"what is added around the volume"`
}

// Build adds the layer to the graph.
func (l MaxPool3D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return pooling{l.Size.sizes(), l.Stride.or(l.Size).sizes(), l.Padding}.max(b, b.volume(in))
}

// AveragePool3D is the mean of each window of a volume; the cells of padding do
// not count. Shapes are those of [MaxPool3D].
type AveragePool3D struct {
	Size    Triple  `default:"2" type:"number or [d, h, w]" doc:"size of the window"`
	Stride  Triple  `type:"number or [d, h, w]" doc:"step between windows; left out, it is the size"`
	Padding Padding `type:"valid, same or [d, h, w]" doc:"what is added around the volume"`
}

// Build adds the layer to the graph.
func (l AveragePool3D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return pooling{l.Size.sizes(), l.Stride.or(l.Size).sizes(), l.Padding}.average(b, b.volume(in))
}

// GlobalAveragePool3D is the mean of each channel of a volume.
//
// Shapes: x is [N, channels, d, h, w], y is [N, channels].
type GlobalAveragePool3D struct{}

// Build adds the layer to the graph.
func (GlobalAveragePool3D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	return op.Flatten(op.GlobalAveragePool(b.volume(in)), 1)
}

// GlobalMaxPool3D is the largest value of each channel of a volume. Shapes are
// those of [GlobalAveragePool3D].
type GlobalMaxPool3D struct{}

// Build adds the layer to the graph.
func (GlobalMaxPool3D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	return op.Flatten(op.GlobalMaxPool(b.volume(in)), 1)
}
