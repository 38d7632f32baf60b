package zoo

import "github.com/emberml/ember/nn"

// smallImage is the height or width below which nets for photos keep the
// resolution in their first layers.
const smallImage = 64

// isSmall tells whether an image is small.
func isSmall(input []int) bool { return len(input) == 3 && min(input[1], input[2]) < smallImage }

// stack is a net under construction.
type stack struct {
	items []nn.Item
}

// add puts a layer on top and returns its name.
func (s *stack) add(name string, layer nn.Layer, inputs ...string) string {
	s.items = append(s.items, nn.Item{Layer: layer, Name: name, Inputs: inputs})
	return s.top()
}

// top is the name of the last layer.
func (s *stack) top() string {
	names := (&nn.Net{Layers: s.items}).Names()
	return names[len(names)-1]
}

// convolution has no bias, since batch norm follows, and pads by half its
// kernel.
func convolution(filters, kernel, stride int) nn.Conv2D {
	return nn.Conv2D{
		Filters: filters, Kernel: nn.Pair{kernel}, Stride: nn.Pair{stride}, Padding: nn.Pad(kernel/2, kernel/2),
		Bias: new(false), Init: "he_normal",
	}
}
