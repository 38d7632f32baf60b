package train_test

import (
	"slices"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/nn/zoo"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/tensor"
	"github.com/emberml/ember/train"
)

func TestFromNet(t *testing.T) {
	net, err := zoo.Get("mlp", []int{1, 8, 8}, 10)
	if err != nil {
		t.Fatal(err)
	}
	job, err := train.FromNet(net)
	if err != nil {
		t.Fatal(err)
	}
	if job.Net != net || job.Optimizer != (optim.Adam{LR: 0.003, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}) || job.Schedule != (optim.Cosine{}) || job.Epochs != 5 {
		t.Errorf("the job is %+v", job)
	}
}

// TestFeaturesOfTheNet checks that the steps of a net file are taken without anybody
// asking, and that an embedding gets the numbers of its vectors.
func TestFeaturesOfTheNet(t *testing.T) {
	net, err := nn.ParseNet("net.yaml", []byte("input: [1]\nfeatures: [min_max]\nlayers: [dense: {units: 2}]\nloss: cross_entropy"))
	if err != nil {
		t.Fatal(err)
	}
	src := twoClasses(t, "no", "yes")
	m := fit(t, train.Job{Net: net, Data: learn.Data{Train: src}}).Model
	if got := m.Pipeline.String(); got != `| min_max{"min":[0],"max":[3]}` {
		t.Errorf("the steps are %s", got)
	}

	net = nn.Sequential(nn.Embedding{Size: 4, Units: 2}, nn.Flatten{}, nn.Dense{Units: 2})
	net.Input, net.Loss = []int{1}, nn.CrossEntropy{}
	r := fit(t, train.Job{Net: net, Data: learn.Data{Train: src}, Optimizer: optim.Adam{LR: 0.1}, Options: train.Options{Steps: 50}})
	if accuracy, _ := r.Train.Get("accuracy"); accuracy != 1 {
		t.Errorf("accuracy is %v: the embedding does not tell its numbers apart", accuracy)
	}
}

// TestStepsWithoutEpochs checks that the smaller of the two bounds holds, and that
// steps alone are enough.
func TestStepsWithoutEpochs(t *testing.T) {
	net := nn.Sequential(nn.Dense{Units: 2})
	net.Input, net.Loss = []int{1}, nn.CrossEntropy{}
	for _, c := range []struct{ epochs, steps, wantEpochs, wantSteps int }{
		{0, 5, 2, 5}, {1, 5, 1, 2}, {0, 0, 1, 2}, {9, 3, 1, 3},
	} {
		r := fit(t, train.Job{
			Net: net, Data: learn.Data{Train: twoClasses(t, "no", "yes")},
			Options: train.Options{Epochs: c.epochs, Steps: c.steps, Batch: 3},
		})
		if r.Epochs != c.wantEpochs || r.Steps != c.wantSteps {
			t.Errorf("%d epochs or %d steps: %d epochs and %d steps were done", c.epochs, c.steps, r.Epochs, r.Steps)
		}
	}
}

// TestTrainOnWithOtherLabels trains a model on with data that numbers the classes in
// another way: they keep the model's numbers.
func TestTrainOnWithOtherLabels(t *testing.T) {
	net := nn.Sequential(nn.Dense{Units: 2})
	net.Input, net.Loss = []int{1}, nn.CrossEntropy{}
	first := fit(t, train.Job{
		Net: net, Data: learn.Data{Train: twoClasses(t, "no", "yes")}, Optimizer: optim.Adam{LR: 0.1}, Options: train.Options{Epochs: 100},
	}).Model
	y := tensor.Of([]int64{1, 1, 0, 0}, 4)
	other := source(t, data.Schema{Name: "other", Target: data.Target{Labels: []string{"yes", "no"}}}, y)
	r := fit(t, train.Job{
		Net: net, Data: learn.Data{Train: other, Test: other}, Pipeline: first.Pipeline, Weights: first.Weights(), Optimizer: optim.SGD{LR: 1e-6},
	})
	if accuracy, _ := r.Test.Get("accuracy"); accuracy != 1 {
		t.Errorf("accuracy is %v after a step that changes next to nothing", accuracy)
	}
	if got := r.Model.Labels(); !slices.Equal(got, []string{"no", "yes"}) {
		t.Errorf("the labels are %v", got)
	}
	backend := cpu.New(cpu.Options{Threads: 1})
	defer backend.Close()
	p, err := r.Model.Predictor(model.PredictOptions{Backend: backend})
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Predict(tensor.Of([]float32{0, 3}, 2, 1))
	if err != nil || !slices.Equal(got.Labels, []string{"no", "yes"}) {
		t.Errorf("predictions are %v, %v", got, err)
	}
}
