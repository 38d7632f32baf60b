package zoo

import (
	"slices"

	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/nn"
)

// Autoencoder learns to give back its input through a code of 64 numbers:
// dense layers of 256, 64 and 256 units.
func Autoencoder(input []int) *nn.Net {
	var layers []nn.Layer
	if len(input) > 1 {
		layers = append(layers, nn.Flatten{})
	}
	layers = append(layers,
		nn.Dense{Units: 256, Activation: "relu"},
		nn.Dense{Units: 64, Activation: "relu"},
		nn.Dense{Units: 256, Activation: "relu"},
		nn.Dense{Units: size(input)},
	)
	if len(input) > 1 {
		layers = append(layers, nn.Reshape{Shape: slices.Clone(input)})
	}
	net := nn.Sequential(layers...)
	net.Name, net.Input, net.Target, net.Loss = "autoencoder", slices.Clone(input), "input", nn.MSE{}
	net.Metrics = []*config.Node{config.NewText("mse")}
	net.Optimizer, net.Train = yaml("{adam: {lr: 0.001}}"), yaml("{epochs: 5, batch: 64, seed: 1}")
	return net
}
