package zoo

import "github.com/emberml/ember/nn"

// LeNet is a convolutional net for small images such as handwritten digits,
// from 16×16 on, after LeNet-5 (LeCun et al. 1998) in the form that Caffe made
// known: 20 and 50 filters of 5×5, a hidden layer of 500, relu.
func LeNet(input []int, outputs int) *nn.Net {
	net := nn.Sequential(
		nn.Conv2D{Filters: 20, Kernel: nn.Pair{5}, Activation: "relu"},
		nn.MaxPool2D{},
		nn.Conv2D{Filters: 50, Kernel: nn.Pair{5}, Activation: "relu"},
		nn.MaxPool2D{},
		nn.Flatten{},
		nn.Dense{Units: 500, Activation: "relu", L2: 1e-4, Dropout: 0.5},
		nn.Dense{Units: outputs},
	)
	return classifier(net, "lenet", image(input), "{adam: {lr: 0.001}}", "{epochs: 3, batch: 64, seed: 1}")
}
