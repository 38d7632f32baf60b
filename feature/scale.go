package feature

import (
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/op"
)

// Scale multiplies every value: pixels of 0…255 by 1/255.
//
//	y = factor · x
type Scale struct {
	Factor float64 `json:"factor" required:"true" doc:"what every value is multiplied by"`
}

// Build adds a cast and a product.
func (s *Scale) Build(x *graph.Value) *graph.Value {
	x = toFloat(x)
	return op.Mul(x, op.Scalar(x, s.Factor))
}
