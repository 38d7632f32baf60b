package zoo

import (
	"slices"

	"github.com/emberml/ember/nn"
)

// MLP is a perceptron with hidden layers of the given sizes, relu between them.
// The built-in net "mlp" has one of 128.
func MLP(input []int, outputs int, hidden ...int) *nn.Net {
	var layers []nn.Layer
	if len(input) > 1 {
		layers = append(layers, nn.Flatten{})
	}
	for _, units := range hidden {
		layers = append(layers, nn.Dense{Units: units, Activation: "relu"})
	}
	layers = append(layers, nn.Dense{Units: outputs})
	net := classifier(nn.Sequential(layers...), "mlp", slices.Clone(input),
		"{adam: {lr: 0.003}}", "{epochs: 5, batch: 32, seed: 1}")
	net.Schedule = yaml("cosine")
	return net
}
