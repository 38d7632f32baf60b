package zoo

import (
	"fmt"

	"github.com/emberml/ember/nn"
)

// MobileNetV2 is the net of inverted residuals for images (Sandler et al. 2018,
// table 2). Names of layers, and so of parameters, are torchvision's
// ("features.1.conv.0.0.weight", "classifier.1.bias"). Images smaller than 64×64
// keep their resolution in the first layer and in the second stage, as is usual
// for CIFAR-10.
func MobileNetV2(input []int, outputs int) *nn.Net {
	input = image(input)
	first := 2
	if isSmall(input) {
		first = 1
	}
	s := &stack{}
	s.normalized("features.0.0", "features.0.1", convolution(32, 3, first))
	s.add("", nn.Relu6{})
	channels, index := 32, 1
	for _, stage := range []struct{ expansion, filters, blocks, stride int }{
		{1, 16, 1, 1}, {6, 24, 2, first}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
	} {
		for j := range stage.blocks {
			stride := 1
			if j == 0 {
				stride = stage.stride
			}
			s.inverted(fmt.Sprintf("features.%d.conv", index), channels, stage.filters, stage.expansion, stride)
			channels = stage.filters
			index++
		}
	}
	s.normalized("features.18.0", "features.18.1", convolution(1280, 1, 1))
	s.add("", nn.Relu6{})
	s.add("", nn.GlobalAveragePool2D{})
	s.add("classifier.0", nn.Dropout{Rate: 0.2})
	s.add("classifier.1", nn.Dense{Units: outputs, Init: "normal(0, 0.01)", BiasInit: "zeros"})
	net := classifier(&nn.Net{Layers: s.items}, "mobilenet_v2", input,
		"{sgd: {lr: 0.05, momentum: 0.9, weight_decay: 4e-5}}", "{epochs: 30, batch: 128, seed: 1}")
	net.Schedule = yaml("{cosine: {}, warmup: {epochs: 1}}")
	return net
}

// normalized adds a convolution and the batch norm after it.
func (s *stack) normalized(name, norm string, layer nn.Layer) {
	s.add(name, layer)
	s.add(norm, nn.BatchNorm{})
}

// inverted adds a block that widens the channels, convolves each by itself,
// narrows them, and is added to its input where shapes allow.
func (s *stack) inverted(name string, channels, filters, expansion, stride int) {
	around, i := s.top(), 0
	if expansion > 1 {
		s.normalized(name+".0.0", name+".0.1", convolution(expansion*channels, 1, 1))
		s.add("", nn.Relu6{})
		i++
	}
	depthwise := nn.DepthwiseConv2D{
		Kernel: nn.Pair{3}, Stride: nn.Pair{stride}, Padding: nn.Pad(1, 1), Bias: new(false), Init: "he_normal",
	}
	s.normalized(fmt.Sprintf("%s.%d.0", name, i), fmt.Sprintf("%s.%d.1", name, i), depthwise)
	s.add("", nn.Relu6{})
	s.normalized(fmt.Sprintf("%s.%d", name, i+1), fmt.Sprintf("%s.%d", name, i+2), convolution(filters, 1, 1))
	if stride == 1 && channels == filters {
		s.add("", nn.Add{}, s.top(), around)
	}
}
