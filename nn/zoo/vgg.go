package zoo

import (
	"fmt"

	"github.com/emberml/ember/nn"
)

// VGG11 is the net of 11 layers for images of Simonyan and Zisserman (2015, column
// A), with batch norm or without. Names of layers, and so of parameters, are
// torchvision's ("features.0.weight", "classifier.6.bias"). Images smaller than
// 64×64 are not stretched to the 7×7 cells that the classifier of torchvision
// wants: it takes what the convolutions leave; a pooling that would leave nothing
// is left out.
func VGG11(input []int, outputs int, batchNorm bool) *nn.Net {
	return vgg("vgg11", input, outputs, batchNorm, 1, 1, 2, 2, 2)
}

// VGG16 is [VGG11] with 16 layers (column D).
func VGG16(input []int, outputs int, batchNorm bool) *nn.Net {
	return vgg("vgg16", input, outputs, batchNorm, 2, 2, 3, 3, 3)
}

// vgg is a net with that many convolutions a stage, a pooling after each.
func vgg(name string, input []int, outputs int, batchNorm bool, stages ...int) *nn.Net {
	input = image(input)
	s := &stack{}
	index := 0 // of torchvision's features, which count each layer
	feature := func(layer nn.Layer) {
		s.add(fmt.Sprintf("features.%d", index), layer)
		index++
	}
	rate := "0.01"
	if batchNorm {
		name, rate = name+"_bn", "0.05"
	}
	extent := smallImage
	if len(input) == 3 {
		extent = min(input[1], input[2])
	}
	for i, convolutions := range stages {
		for range convolutions {
			c := convolution(min(64<<i, 512), 3, 1)
			c.Bias, c.BiasInit = nil, "zeros" // with batch norm too, as in torchvision
			feature(c)
			if batchNorm {
				feature(nn.BatchNorm{})
			}
			feature(nn.Relu{})
		}
		if extent > 1 {
			feature(nn.MaxPool2D{})
		}
		extent /= 2
	}
	if !isSmall(input) {
		s.add("avgpool", nn.AdaptiveAveragePool2D{Size: nn.Pair{7}})
	}
	s.add("", nn.Flatten{})
	for _, i := range []int{0, 3} {
		s.add(fmt.Sprintf("classifier.%d", i), nn.Dense{Units: 4096, Activation: "relu", Dropout: 0.5, Init: "he_normal", BiasInit: "zeros"})
	}
	s.add("classifier.6", nn.Dense{Units: outputs, Init: "normal(0, 0.01)", BiasInit: "zeros"})
	net := classifier(&nn.Net{Layers: s.items}, name, input,
		"{sgd: {lr: "+rate+", momentum: 0.9, weight_decay: 5e-4}}", "{epochs: 30, batch: 128, seed: 1}")
	net.Schedule = yaml("{cosine: {}, warmup: {epochs: 1}}")
	return net
}
