package metamorphic_test

import (
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/internal/metamorphic"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/learn/learntest"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/nn/zoo"
	"github.com/emberml/ember/train"
)

// cases are nets of the zoo, made for 8×8 digits that are resized to a side that
// the net can take.
func cases(t *testing.T) map[string]metamorphic.Case {
	t.Helper()
	digits, err := data.Open(t.Context(), "digits", data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := data.Split(digits.Train, 1, 0.1, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]metamorphic.Case{}
	for name, side := range map[string]int{"mlp": 8, "lenet": 16, "autoencoder": 8} {
		net, err := zoo.Get(name, []int{1, side, side}, 10)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = metamorphic.Case{
			New:   trainer(t, net, digits.Train.Schema(), side),
			Train: parts[0], Test: parts[1], Steps: steps, Tolerance: 1e-3,
		}
	}
	return all
}

// steps end in the middle of the third epoch; each epoch has a partial batch.
const steps = 15

// trainer makes learners of the net as its recipe says.
func trainer(t *testing.T, net *nn.Net, schema *data.Schema, side int) func(learntest.Settings) learn.Learner {
	t.Helper()
	recipe, err := train.FromNet(net)
	if err != nil {
		t.Fatal(err)
	}
	return func(s learntest.Settings) learn.Learner {
		var user []feature.Step
		if side != 8 {
			user = append(user, &feature.Resize{Height: side, Width: side})
		}
		pipeline, err := feature.Auto(schema, net.Input, user...)
		if err != nil {
			t.Fatal(err)
		}
		return train.Learner{
			Net: net, Pipeline: pipeline, Optimizer: recipe.Optimizer, Schedule: recipe.Schedule,
			Options: train.Options{Epochs: 3, Steps: steps, Batch: 32, Seed: s.Seed},
			Threads: s.Threads, CheckpointDir: s.Checkpoints, Resume: s.Resume,
		}
	}
}

func TestZoo(t *testing.T) {
	for name, c := range cases(t) {
		t.Run(name, func(t *testing.T) { metamorphic.Run(t, c) })
	}
}
