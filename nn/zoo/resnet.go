package zoo

import (
	"fmt"

	"github.com/emberml/ember/nn"
)

// ResNet18 is the residual net of 18 layers for images (He et al. 2016, table
// 1). Names of layers, and so of parameters, are torchvision's ("conv1",
// "layer2.0.downsample.1.running_mean", "fc.weight"), so that its weights can be
// loaded by name. Images smaller than 64×64 get a first layer of 3×3 without
// stride and pooling, as is usual for CIFAR-10.
func ResNet18(input []int, outputs int) *nn.Net {
	return resNet("resnet18", input, outputs, basicBlock, 2, 2, 2, 2)
}

// ResNet34 is [ResNet18] with 34 layers.
func ResNet34(input []int, outputs int) *nn.Net {
	return resNet("resnet34", input, outputs, basicBlock, 3, 4, 6, 3)
}

// ResNet50 is the residual net of 50 layers, whose blocks squeeze the channels
// to a quarter; their stride is in the 3×3 convolution, as in torchvision (ResNet
// v1.5). Names and small images are as in [ResNet18].
func ResNet50(input []int, outputs int) *nn.Net {
	return resNet("resnet50", input, outputs, bottleneck, 3, 4, 6, 3)
}

// resNet is a residual net with that many blocks a stage.
func resNet(name string, input []int, outputs int, block residualBlock, stages ...int) *nn.Net {
	input = image(input)
	s := &stack{}
	if isSmall(input) {
		s.add("conv1", convolution(64, 3, 1))
	} else {
		s.add("conv1", convolution(64, 7, 2))
	}
	s.add("bn1", nn.BatchNorm{})
	s.add("", nn.Relu{})
	if !isSmall(input) {
		s.add("", nn.MaxPool2D{Size: nn.Pair{3}, Stride: nn.Pair{2}, Padding: nn.Pad(1, 1)})
	}
	channels := 64
	for i, blocks := range stages {
		width := 64 << i
		for j := range blocks {
			stride := 1
			if i > 0 && j == 0 {
				stride = 2
			}
			channels = s.residual(fmt.Sprintf("layer%d.%d", i+1, j), channels, stride, block(width, stride))
		}
	}
	s.add("", nn.GlobalAveragePool2D{})
	s.add("fc", nn.Dense{Units: outputs})
	net := classifier(&nn.Net{Layers: s.items}, name, input,
		"{sgd: {lr: 0.1, momentum: 0.9, weight_decay: 5e-4}}", "{epochs: 30, batch: 128, seed: 1}")
	net.Schedule = yaml("{cosine: {}, warmup: {epochs: 1}}")
	return net
}

// residualBlock gives the convolutions of a block.
type residualBlock func(width, stride int) []nn.Conv2D

func basicBlock(width, stride int) []nn.Conv2D {
	return []nn.Conv2D{convolution(width, 3, stride), convolution(width, 3, 1)}
}

func bottleneck(width, stride int) []nn.Conv2D {
	return []nn.Conv2D{convolution(width, 1, 1), convolution(width, 3, stride), convolution(4*width, 1, 1)}
}

// residual adds convolutions, each with batch norm, and the way around them. It
// returns the channels of its output.
func (s *stack) residual(name string, channels, stride int, convolutions []nn.Conv2D) int {
	around := s.top()
	through := around
	for i, c := range convolutions {
		s.add(fmt.Sprintf("%s.conv%d", name, i+1), c, through)
		through = s.add(fmt.Sprintf("%s.bn%d", name, i+1), nn.BatchNorm{})
		if i < len(convolutions)-1 {
			through = s.add("", nn.Relu{})
		}
	}
	filters := convolutions[len(convolutions)-1].Filters
	if stride != 1 || channels != filters {
		s.add(name+".downsample.0", convolution(filters, 1, stride), around)
		around = s.add(name+".downsample.1", nn.BatchNorm{})
	}
	s.add("", nn.Add{}, through, around)
	s.add("", nn.Relu{})
	return filters
}
