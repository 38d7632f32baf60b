package learntest_test

import (
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/learn/learntest"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/train"
)

// open is the first samples of a built-in data set in an order drawn once.
func open(t *testing.T, name string, o data.Options, share float64) data.Source {
	t.Helper()
	set, err := data.Open(t.Context(), name, o)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := data.Split(set.Train, 1, share)
	if err != nil {
		t.Fatal(err)
	}
	return parts[0]
}

// nets makes learners of a net that is trained for a number of epochs.
func nets(net func() *nn.Net, epochs int) func(learntest.Settings) learn.Learner {
	return func(s learntest.Settings) learn.Learner {
		if s.Batch == 0 {
			s.Batch = 32
		}
		return train.Learner{
			Net: net(), Optimizer: optim.Adam{LR: 0.01}, Schedule: optim.Cosine{},
			Options: train.Options{Epochs: epochs, Batch: s.Batch, Seed: s.Seed},
			Threads: s.Threads, CheckpointDir: s.Checkpoints, Resume: s.Resume,
		}
	}
}

func TestMLP(t *testing.T) {
	net := func() *nn.Net {
		net := nn.Sequential(nn.Dense{Units: 16, Activation: "relu", Dropout: 0.1}, nn.Dense{Units: 3})
		net.Name, net.Input, net.Loss = "mlp", []int{4}, nn.CrossEntropy{}
		return net
	}
	learntest.Run(t, learntest.Case{New: nets(net, 10), Data: open(t, "iris", data.Options{}, 1)})
}

func TestConvolutions(t *testing.T) {
	net := func() *nn.Net {
		net := nn.Sequential(
			nn.Conv2D{Filters: 4, Kernel: nn.Pair{3}, Activation: "relu"}, nn.BatchNorm{}, nn.MaxPool2D{},
			nn.Flatten{}, nn.Dense{Units: 10, L2: 1e-4},
		)
		net.Name, net.Input, net.Loss = "convolutions", []int{1, 8, 8}, nn.CrossEntropy{}
		return net
	}
	learntest.Run(t, learntest.Case{New: nets(net, 2), Data: open(t, "digits", data.Options{}, 0.15)})
}

func TestRegression(t *testing.T) {
	net := func() *nn.Net {
		net := nn.Sequential(nn.Dense{Units: 16, Activation: "tanh"}, nn.Dense{Units: 1})
		net.Name, net.Input, net.Loss = "regression", []int{3}, nn.MSE{}
		return net
	}
	numbers := data.Options{Target: "petal_width", Columns: []string{"sepal_length", "sepal_width", "petal_length"}}
	learntest.Run(t, learntest.Case{New: nets(net, 10), Data: open(t, "iris", numbers, 1)})
}

func TestAutoencoder(t *testing.T) {
	net := func() *nn.Net {
		net := nn.Sequential(nn.Flatten{}, nn.Dense{Units: 8, Activation: "relu"}, nn.Dense{Units: 64})
		net.Name, net.Input, net.Loss, net.Target = "autoencoder", []int{1, 8, 8}, nn.MSE{}, nn.InputName
		return net
	}
	const own = "it learns its own input"
	learntest.Run(t, learntest.Case{
		New: nets(net, 2), Data: open(t, "digits", data.Options{}, 0.1),
		Skip: []learntest.Skip{{"learns", own}, {"no_target", own}, {"one_class", own}},
	})
}
