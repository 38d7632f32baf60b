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
	return classifier(nn.Sequential(layers...), "mlp", slices.Clone(input),
		"{adam: {lr: 0.001}}", "{epochs: 5, batch: 64, seed: 1}")
}
