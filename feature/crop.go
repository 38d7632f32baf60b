package feature

import (
	"fmt"

	"github.com/emberml/ember/tensor"
)

// CenterCrop cuts the middle out of an image.
type CenterCrop struct {
	Height int `json:"height" required:"true" min:"1" doc:"in pixels"`
	Width  int `json:"width" required:"true" min:"1" doc:"in pixels"`
}

// Shape returns the size after the step.
func (s *CenterCrop) Shape(in tensor.Shape) (tensor.Shape, error) {
	return cropShape("center_crop", in, 0, s.Height, s.Width)
}

// Apply cuts half of what is too much off each side, the odd pixel off the end.
func (s *CenterCrop) Apply(x *tensor.Tensor, _ *tensor.Rand) (*tensor.Tensor, error) {
	if _, err := s.Shape(x.Shape()); err != nil {
		return nil, err
	}
	top, left := (x.Shape()[0]-s.Height)/2, (x.Shape()[1]-s.Width)/2
	return crop(x, top, left, s.Height, s.Width), nil
}

// RandomCrop cuts a part out of an image, from a random place in training, from the
// middle in evaluation. Padding adds black pixels on all sides first.
type RandomCrop struct {
	Height  int `json:"height" required:"true" min:"1" doc:"in pixels"`
	Width   int `json:"width" required:"true" min:"1" doc:"in pixels"`
	Padding int `json:"padding,omitempty" min:"0" doc:"black pixels that are added on each side first"`
}

// Shape returns the size after the step.
func (s *RandomCrop) Shape(in tensor.Shape) (tensor.Shape, error) {
	return cropShape("random_crop", in, s.Padding, s.Height, s.Width)
}

// Apply pads and cuts.
func (s *RandomCrop) Apply(x *tensor.Tensor, r *tensor.Rand) (*tensor.Tensor, error) {
	if _, err := s.Shape(x.Shape()); err != nil {
		return nil, err
	}
	if s.Padding > 0 {
		h, w := x.Shape()[0], x.Shape()[1]
		padded := tensor.New(tensor.Uint8, h+2*s.Padding, w+2*s.Padding, x.Shape()[2])
		tensor.CopyInto(crop(padded, s.Padding, s.Padding, h, w), x)
		x = padded
	}
	down, right := x.Shape()[0]-s.Height, x.Shape()[1]-s.Width
	if r == nil {
		return crop(x, down/2, right/2, s.Height, s.Width), nil
	}
	return crop(x, r.IntN(down+1), r.IntN(right+1), s.Height, s.Width), nil
}

func cropShape(name string, in tensor.Shape, padding, height, width int) (tensor.Shape, error) {
	for i, want := range []int{height, width} {
		if in[i] >= 0 && in[i]+2*padding < want {
			return nil, fmt.Errorf("%s: an image of %d × %d is smaller than %d × %d: resize it first", name, in[0], in[1], height, width)
		}
	}
	return tensor.Shape{height, width, in[2]}, nil
}

// crop returns a part of x, which shares its memory.
func crop(x *tensor.Tensor, top, left, height, width int) *tensor.Tensor {
	return x.Slice(0, top, top+height, 1).Slice(1, left, left+width, 1)
}
