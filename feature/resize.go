package feature

import (
	"fmt"
	"math"

	"github.com/emberml/ember/tensor"
)

// Resize scales an image to a height and width, or its shorter side to a length
// with the other in proportion. It interpolates linearly, and where it makes the
// image smaller, averages over all pixels that a new one covers (antialias): the
// same bytes as Pillow's resize with Resampling.BILINEAR, and torchvision's.
//
// Source: Pillow, src/libImaging/Resample.c.
type Resize struct {
	Height  int `json:"height,omitempty" min:"1" doc:"in pixels"`
	Width   int `json:"width,omitempty" min:"1" doc:"in pixels"`
	Shorter int `json:"shorter,omitempty" min:"1" doc:"length of the shorter side, instead of height and width"`
}

// Shape returns the size after the step.
func (s *Resize) Shape(in tensor.Shape) (tensor.Shape, error) {
	if (s.Shorter > 0) == (s.Height > 0 && s.Width > 0) {
		return nil, fmt.Errorf("resize: want height and width, or shorter")
	}
	h, w := s.target(in[0], in[1])
	return tensor.Shape{h, w, in[2]}, nil
}

func (s *Resize) target(h, w int) (int, int) {
	switch {
	case s.Shorter == 0:
		return s.Height, s.Width
	case h < 0 || w < 0:
		return -1, -1
	case h <= w:
		return s.Shorter, s.Shorter * w / h
	}
	return s.Shorter * h / w, s.Shorter
}

// Apply resizes along the rows, then along the columns.
func (s *Resize) Apply(x *tensor.Tensor, _ *tensor.Rand) (*tensor.Tensor, error) {
	h, w := s.target(x.Shape()[0], x.Shape()[1])
	if w != x.Shape()[1] {
		x = resample(x, 1, w)
	}
	if h != x.Shape()[0] {
		x = resample(x, 0, h)
	}
	return x, nil
}

// precision is the number of bits after the point of a weight.
const precision = 32 - 8 - 2

// window is what one new pixel is made of: old pixels from start on, weighted.
type window struct {
	start   int
	weights []int32
}

// triangle returns the windows of a linear filter from n old to m new pixels.
func triangle(n, m int) []window {
	scale := float64(n) / float64(m)
	support := max(scale, 1)
	windows := make([]window, m)
	for i := range windows {
		center := (float64(i) + 0.5) * scale
		start := max(int(center-support+0.5), 0)
		end := min(int(center+support+0.5), n)
		weights := make([]float64, end-start)
		sum := 0.0
		for j := range weights {
			d := math.Abs((float64(j+start) - center + 0.5) * (1 / support))
			weights[j] = max(1-d, 0)
			sum += weights[j]
		}
		windows[i] = window{start, make([]int32, len(weights))}
		for j, v := range weights {
			windows[i].weights[j] = int32(0.5 + v/sum*(1<<precision))
		}
	}
	return windows
}

// resample changes the extent of an axis of [h, w, c] to m.
func resample(x *tensor.Tensor, axis, m int) *tensor.Tensor {
	shape := x.Shape().Clone()
	n := shape[axis]
	shape[axis] = m
	out := tensor.New(tensor.Uint8, shape...)
	src, dst := tensor.Data[uint8](x.Contiguous()), tensor.Data[uint8](out)
	outer, inner := shape[:axis].Len(), shape[axis+1:].Len()
	windows := triangle(n, m)
	for o := range outer {
		for i, w := range windows {
			from, to := src[(o*n+w.start)*inner:], dst[(o*m+i)*inner:][:inner]
			for k := range to {
				sum := int32(1) << (precision - 1)
				for j, weight := range w.weights {
					sum += int32(from[j*inner+k]) * weight
				}
				to[k] = uint8(min(max(sum>>precision, 0), 255))
			}
		}
	}
	return out
}
