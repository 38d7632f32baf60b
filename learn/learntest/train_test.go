package learntest_test

import (
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
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

// with makes learners that are all made of one, so that they share its net,
// steps and options.
func with(l train.Learner) func(learntest.Settings) learn.Learner {
	l.Optimizer, l.Schedule = optim.Adam{LR: 0.01}, optim.Cosine{}
	return func(s learntest.Settings) learn.Learner {
		one := l
		one.Seed, one.Threads, one.CheckpointDir, one.Resume = s.Seed, s.Threads, s.Checkpoints, s.Resume
		if one.Batch = s.Batch; s.Batch == 0 {
			one.Batch = 32
		}
		return one
	}
}

func TestMLP(t *testing.T) {
	iris := open(t, "iris", data.Options{}, 1)
	steps, err := feature.Auto(iris.Schema(), []int{4}, &feature.MinMax{})
	if err != nil {
		t.Fatal(err)
	}
	net := nn.Sequential(nn.Dense{Units: 16, Activation: "relu", Dropout: 0.1}, nn.Dense{Units: 3})
	net.Name, net.Input, net.Loss = "mlp", []int{4}, nn.CrossEntropy{}
	learntest.Run(t, learntest.Case{
		New:  with(train.Learner{Net: net, Pipeline: steps, Options: train.Options{Epochs: 10}}),
		Data: iris,
	})
}

func TestConvolutions(t *testing.T) {
	net := nn.Sequential(
		nn.Conv2D{Filters: 4, Kernel: nn.Pair{3}, Activation: "relu"}, nn.BatchNorm{}, nn.MaxPool2D{},
		nn.Flatten{}, nn.Dense{Units: 10, L2: 1e-4},
	)
	net.Name, net.Input, net.Loss = "convolutions", []int{1, 8, 8}, nn.CrossEntropy{}
	learntest.Run(t, learntest.Case{
		New:  with(train.Learner{Net: net, Options: train.Options{Epochs: 2, VirtualWorkers: 2}}),
		Data: open(t, "digits", data.Options{}, 0.15),
	})
}

func TestRegression(t *testing.T) {
	net := nn.Sequential(nn.Dense{Units: 16, Activation: "tanh"}, nn.Dense{Units: 1})
	net.Name, net.Input, net.Loss = "regression", []int{3}, nn.MSE{}
	numbers := data.Options{Target: "petal_width", Columns: []string{"sepal_length", "sepal_width", "petal_length"}}
	learntest.Run(t, learntest.Case{
		New:  with(train.Learner{Net: net, Options: train.Options{Epochs: 10, EarlyStopping: &train.EarlyStopping{Patience: 2}}}),
		Data: open(t, "iris", numbers, 1),
	})
}

func TestAutoencoder(t *testing.T) {
	net := nn.Sequential(nn.Flatten{}, nn.Dense{Units: 8, Activation: "relu"}, nn.Dense{Units: 64})
	net.Name, net.Input, net.Loss, net.Target = "autoencoder", []int{1, 8, 8}, nn.MSE{}, nn.InputName
	const own = "it learns its own input"
	learntest.Run(t, learntest.Case{
		New:  with(train.Learner{Net: net, Options: train.Options{Epochs: 2}}),
		Data: open(t, "digits", data.Options{}, 0.1),
		Skip: []learntest.Skip{{"learns", own}, {"no_target", own}, {"one_class", own}},
	})
}
