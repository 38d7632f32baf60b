package feature

import "github.com/emberml/ember/tensor"

// RandomFlip mirrors an image left to right with a probability, in training.
type RandomFlip struct {
	Probability float64 `json:"probability" default:"0.5" min:"0" max:"1" doc:"of being mirrored"`
}

// Shape returns the size, which stays.
func (s *RandomFlip) Shape(in tensor.Shape) (tensor.Shape, error) { return in, nil }

// Apply mirrors x, or not.
func (s *RandomFlip) Apply(x *tensor.Tensor, r *tensor.Rand) (*tensor.Tensor, error) {
	p := s.Probability
	if p == 0 {
		p = 0.5
	}
	if r == nil || r.Float64() >= p {
		return x, nil
	}
	return tensor.Flip(x, 1), nil
}
