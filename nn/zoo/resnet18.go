package zoo

import (
	"fmt"

	"github.com/emberml/ember/nn"
)

// smallImage is the height or width below which ResNet18 keeps the resolution
// in its first layers.
const smallImage = 64

// ResNet18 is the residual net of 18 layers for images (He et al. 2016, table
// 1). Names of layers, and so of parameters, are torchvision's ("conv1",
// "layer2.0.downsample.1.running_mean", "fc.weight"), so that its weights can be
// loaded by name. Images smaller than 64×64 get a first layer of 3×3 without
// stride and pooling, as is usual for CIFAR-10.
func ResNet18(input []int, outputs int) *nn.Net {
	input = image(input)
	small := len(input) == 3 && min(input[1], input[2]) < smallImage
	kernel, stride := 7, 2
	if small {
		kernel, stride = 3, 1
	}
	s := &stack{}
	s.add("conv1", convolution(64, kernel, stride))
	s.add("bn1", nn.BatchNorm{})
	s.add("", nn.Relu{})
	if !small {
		s.add("", nn.MaxPool2D{Size: nn.Pair{3}, Stride: nn.Pair{2}, Padding: nn.Pad(1, 1)})
	}
	channels := 64
	for i, filters := range []int{64, 128, 256, 512} {
		for j := range 2 {
			stride := 1
			if i > 0 && j == 0 {
				stride = 2
			}
			s.block(fmt.Sprintf("layer%d.%d", i+1, j), channels, filters, stride)
			channels = filters
		}
	}
	s.add("", nn.GlobalAveragePool2D{})
	s.add("fc", nn.Dense{Units: outputs})
	net := classifier(&nn.Net{Layers: s.items}, "resnet18", input,
		"{sgd: {lr: 0.1, momentum: 0.9, weight_decay: 5e-4}}", "{epochs: 30, batch: 128, seed: 1}")
	net.Schedule = yaml("{cosine: {}, warmup: {epochs: 1}}")
	return net
}

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

// block adds two convolutions and the way around them.
func (s *stack) block(name string, channels, filters, stride int) {
	around := s.top()
	in := around
	s.add(name+".conv1", convolution(filters, 3, stride), in)
	s.add(name+".bn1", nn.BatchNorm{})
	s.add("", nn.Relu{})
	s.add(name+".conv2", convolution(filters, 3, 1))
	through := s.add(name+".bn2", nn.BatchNorm{})
	if stride != 1 || channels != filters {
		s.add(name+".downsample.0", convolution(filters, 1, stride), in)
		around = s.add(name+".downsample.1", nn.BatchNorm{})
	}
	s.add("", nn.Add{}, through, around)
	s.add("", nn.Relu{})
}

// convolution has no bias, since batch norm follows, and pads by half its
// kernel.
func convolution(filters, kernel, stride int) nn.Conv2D {
	return nn.Conv2D{
		Filters: filters, Kernel: nn.Pair{kernel}, Stride: nn.Pair{stride}, Padding: nn.Pad(kernel/2, kernel/2),
		Bias: new(false), Init: "he_normal",
	}
}
