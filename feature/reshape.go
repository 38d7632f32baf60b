package feature

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
	"github.com/emberml/ember/tensor"
)

// Reshape gives a sample another shape of as many values.
type Reshape struct {
	Shape tensor.Shape `json:"shape" required:"true" min:"1" doc:"of one sample"`
}

// Build adds a Reshape that keeps the batch.
func (s *Reshape) Build(x *graph.Value) *graph.Value {
	return op.Reshape(x, append([]int{0}, s.Shape...)...)
}

// ChannelsFirst turns images [height, width, channels] into [channels, height,
// width], the order of ONNX and of Ember's layers.
type ChannelsFirst struct{}

// Build adds a transposition.
func (s *ChannelsFirst) Build(x *graph.Value) *graph.Value { return op.Transpose(x, 0, 3, 1, 2) }
