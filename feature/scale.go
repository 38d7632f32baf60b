package feature

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// Scale multiplies every value: pixels of 0…255 by 1/255. A factor of 1 leaves
// values as they are where [Auto] would scale or standardize them.
//
//	y = factor · x
type Scale struct {
	Factor float64 `json:"factor" required:"true" doc:"what every value is multiplied by"`
}

// Build adds a cast and a product, or nothing.
func (s *Scale) Build(x *graph.Value) *graph.Value {
	if s.Factor == 1 {
		return x
	}
	x = toFloat(x)
	return op.Mul(x, op.Scalar(x, s.Factor))
}
