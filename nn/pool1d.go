package nn

import (
	"cmp"

	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// MaxPool1D is the largest value in each window of a sequence. Padding never
// wins.
//
// Shapes: x is [N, channels, length], y is [N, channels, length'] with
// length' = ⌊(length + 2·padding − size)/stride⌋ + 1.
type MaxPool1D struct {
	Size    int     `default:"2" min:"1" doc:"size of the window"`
	Stride  int     `min:"0" doc:"step between windows; left out, it is the size"`
	Padding Padding `type:"valid, same or number" doc:"what is added around the sequence"`
}

// Build adds the layer to the graph.
func (l MaxPool1D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return pooling{[]int{l.Size}, []int{cmp.Or(l.Stride, l.Size)}, l.Padding}.max(b, b.sequence(in))
}

// AveragePool1D is the mean of each window of a sequence; the cells of padding do
// not count. Shapes are those of [MaxPool1D].
type AveragePool1D struct {
	Size    int     `default:"2" min:"1" doc:"size of the window"`
	Stride  int     `min:"0" doc:"step between windows; left out, it is the size"`
	Padding Padding `type:"valid, same or number" doc:"what is added around the sequence"`
}

// Build adds the layer to the graph.
func (l AveragePool1D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	l = complete(b, l)
	return pooling{[]int{l.Size}, []int{cmp.Or(l.Stride, l.Size)}, l.Padding}.average(b, b.sequence(in))
}

// GlobalAveragePool1D is the mean of each channel of a sequence.
//
// Shapes: x is [N, channels, length], y is [N, channels].
type GlobalAveragePool1D struct{}

// Build adds the layer to the graph.
func (GlobalAveragePool1D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	return op.Flatten(op.GlobalAveragePool(b.sequence(in)), 1)
}

// GlobalMaxPool1D is the largest value of each channel of a sequence. Shapes are
// those of [GlobalAveragePool1D].
type GlobalMaxPool1D struct{}

// Build adds the layer to the graph.
func (GlobalMaxPool1D) Build(b *Builder, in ...*graph.Value) *graph.Value {
	return op.Flatten(op.GlobalMaxPool(b.sequence(in)), 1)
}
