package train_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
	"github.com/emberml/ember/train"
)

// digits is the small set of 8×8 digits, cut in two.
func digits(t *testing.T) learn.Data {
	t.Helper()
	d, err := data.Open(context.Background(), "digits", data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := data.Split(d.Train, 1, 0.8, 0.2)
	if err != nil {
		t.Fatal(err)
	}
	return learn.Data{Train: parts[0], Test: parts[1]}
}

// small is a net with all that makes training hard to repeat: convolution,
// batch norm, dropout, a penalty.
func small() *nn.Net {
	net := nn.Sequential(
		nn.Conv2D{Filters: 8, Kernel: nn.Pair{3}, Activation: "relu"}, nn.BatchNorm{}, nn.MaxPool2D{Size: nn.Pair{2}},
		nn.Flatten{}, nn.Dense{Units: 32, Activation: "relu", L2: 1e-4, Dropout: 0.2}, nn.Dense{Units: 10},
	)
	net.Name, net.Input, net.Loss = "small", []int{1, 8, 8}, nn.CrossEntropy{}
	return net
}

func fit(t *testing.T, job train.Job) *train.Result {
	t.Helper()
	r, err := train.Fit(context.Background(), comm.Solo(), job)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sameWeights compares two models bit for bit.
func sameWeights(t *testing.T, a, b *model.Model) {
	t.Helper()
	wa, wb := a.Weights(), b.Weights()
	if len(wa) != len(wb) {
		t.Fatalf("%d and %d weights", len(wa), len(wb))
	}
	for name, w := range wa {
		if !tensor.Same(w, wb[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

// recorder keeps events, and may cancel a run.
type recorder struct {
	events []report.Event
	hear   func(report.Event)
}

func (r *recorder) Event(e report.Event) {
	r.events = append(r.events, e)
	if r.hear != nil {
		r.hear(e)
	}
}
func (r *recorder) Close() error { return nil }

func TestFitLearns(t *testing.T) {
	r := fit(t, train.Job{Net: small(), Data: digits(t), Options: train.Options{Epochs: 8, Batch: 32, Seed: 1}})
	if accuracy, _ := r.Test.Get("accuracy"); accuracy < 0.95 {
		t.Errorf("test accuracy is %v, want 0.95", accuracy)
	}
}

func TestThreadsDoNotMatter(t *testing.T) {
	var models []*model.Model
	for threads := 1; threads <= 3; threads++ {
		b := cpu.New(cpu.Options{Threads: threads})
		defer b.Close()
		r := fit(t, train.Job{Net: small(), Data: digits(t), Backend: b, Options: train.Options{Steps: 20, Seed: 1}})
		models = append(models, r.Model)
	}
	sameWeights(t, models[0], models[1])
	sameWeights(t, models[0], models[2])
}

func TestResumeIsExact(t *testing.T) {
	job := train.Job{Net: small(), Data: digits(t), Options: train.Options{Epochs: 2, Seed: 3}, Schedule: optim.Cosine{}}
	whole := fit(t, job)
	for _, at := range []int64{1, 17, 23, 24} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		job.CheckpointDir, job.Resume = dir, false
		job.Report = &recorder{hear: func(e report.Event) {
			if s, ok := e.(report.Step); ok && s.Step >= at {
				cancel()
			}
		}}
		_, err := train.Fit(ctx, comm.Solo(), job)
		if !errors.Is(err, learn.ErrInterrupted) {
			t.Fatalf("interrupted run ended with %v", err)
		}
		job.Report, job.Resume = nil, true
		resumed := fit(t, job)
		sameWeights(t, whole.Model, resumed.Model)
		if a, b := whole.Train, resumed.Train; len(a) != len(b) || a[0] != b[0] || a[1] != b[1] {
			t.Errorf("interrupted at %d: the last epoch gave %v, uninterrupted %v", at, b, a)
		}
	}
}

func TestVirtualWorkersMakeTheSameUpdate(t *testing.T) {
	net := nn.Sequential(nn.Flatten{}, nn.Dense{Units: 16, Activation: "tanh", L2: 1e-3}, nn.Dense{Units: 10})
	net.Input, net.Loss = []int{1, 8, 8}, nn.CrossEntropy{}
	job := train.Job{Net: net, Data: digits(t), Options: train.Options{Steps: 25, Batch: 60}}
	whole := fit(t, job)
	job.VirtualWorkers = 7
	parts := fit(t, job)
	for name, w := range whole.Model.Weights() {
		if p := parts.Model.Weights()[name]; !tensor.AllClose(w, p, 1e-3, 1e-5) {
			t.Errorf("%s differs: %v and %v", name, w, p)
		}
	}
}

func TestDivergenceNamesTheLayer(t *testing.T) {
	job := train.Job{Net: small(), Data: digits(t), Optimizer: optim.SGD{LR: 1e30}, Options: train.Options{Epochs: 2}}
	_, err := train.Fit(context.Background(), comm.Solo(), job)
	var d *train.DivergedError
	if !errors.As(err, &d) || d.Layer == "" {
		t.Errorf("error is %v, want a DivergedError that names a layer", err)
	}
}

func TestEarlyStopping(t *testing.T) {
	d := digits(t)
	d.Valid = d.Test
	events := &recorder{}
	r := fit(t, train.Job{
		Net: small(), Data: d, Report: events, Optimizer: optim.SGD{LR: 1e-9},
		Options: train.Options{Epochs: 50, EarlyStopping: &train.EarlyStopping{Metric: "accuracy", Patience: 2}},
	})
	if r.Epochs > 10 {
		t.Errorf("%d epochs although nothing became better", r.Epochs)
	}
	last := report.EarlyStop{}
	for _, e := range events.events {
		if stop, ok := e.(report.EarlyStop); ok {
			last = stop
		}
	}
	if last.Metric != "accuracy" {
		t.Errorf("the stop was not reported: %+v", last)
	}
}

func TestCheckpointOfAnotherRun(t *testing.T) {
	dir := t.TempDir()
	job := train.Job{Net: small(), Data: digits(t), CheckpointDir: dir, Options: train.Options{Epochs: 1}}
	fit(t, job)
	other := nn.Sequential(nn.Flatten{}, nn.Dense{Units: 10})
	other.Input, other.Loss = []int{1, 8, 8}, nn.CrossEntropy{}
	bent := small()
	bent.Layers[0].Layer = nn.Conv2D{Filters: 8, Kernel: nn.Pair{3}, Activation: "tanh"}
	swapped := job.Data
	swapped.Train = swapped.Test
	for want, change := range map[string]func(j *train.Job){
		"of another net":   func(j *train.Job) { j.Net = other },
		"or loss differ":   func(j *train.Job) { j.Net = bent },
		"the seed was 0":   func(j *train.Job) { j.Seed = 5 },
		"the batch was 64": func(j *train.Job) { j.Batch = 32 },
		"other data":       func(j *train.Job) { j.Data = swapped },
		"holds none":       func(j *train.Job) { j.CheckpointDir = t.TempDir() },
	} {
		j := job
		j.Resume = true
		change(&j)
		_, err := train.Fit(context.Background(), comm.Solo(), j)
		var e *train.CheckpointError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want a CheckpointError with %q", err, want)
		}
	}
	// A cut file is found out.
	files, _ := filepath.Glob(filepath.Join(dir, "*.safetensors"))
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], content[:len(content)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	job.Resume = true
	if _, err := train.Fit(context.Background(), comm.Solo(), job); err == nil || !strings.Contains(err.Error(), "changed or cut") {
		t.Errorf("a cut checkpoint gave %v", err)
	}
}

func TestCheckpointsKept(t *testing.T) {
	dir := t.TempDir()
	fit(t, train.Job{Net: small(), Data: digits(t), CheckpointDir: dir, Options: train.Options{Epochs: 6, Checkpoint: train.Checkpoint{Keep: 2}}})
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) > 6 { // the newest two and the best, two files each
		t.Errorf("%d files are left: %v", len(files), files)
	}
}

func TestInputAsTarget(t *testing.T) {
	net := nn.Sequential(nn.Flatten{}, nn.Dense{Units: 16, Activation: "relu"}, nn.Dense{Units: 64})
	net.Input, net.Loss, net.Target = []int{1, 8, 8}, nn.MSE{}, nn.InputName
	r := fit(t, train.Job{Net: net, Data: digits(t), Options: train.Options{Epochs: 20}})
	if loss, _ := r.Test.Get("loss"); loss > 0.04 {
		t.Errorf("reconstruction error is %v", loss)
	}
}

func TestMeasure(t *testing.T) {
	net := small()
	if err := net.Measure("accuracy", "top_k: {k: 3}"); err != nil {
		t.Fatal(err)
	}
	r := fit(t, train.Job{Net: net, Data: digits(t), Options: train.Options{Epochs: 2}})
	accuracy, _ := r.Test.Get("accuracy")
	if top, ok := r.Test.Get("top_k"); !ok || top <= accuracy {
		t.Errorf("top 3 is %v, accuracy %v", top, accuracy)
	}
	if !strings.Contains(r.Model.Net, "top_k: {k: 3}") {
		t.Errorf("the net's source lacks the metrics:\n%s", r.Model.Net)
	}
}

// TestSeveralAnswers learns two answers of yes or no at once: accuracy is the share
// of all answers that are right.
func TestSeveralAnswers(t *testing.T) {
	net := nn.Sequential(nn.Dense{Units: 2})
	net.Input, net.Loss = []int{1}, nn.BinaryCrossEntropy{}
	if err := net.Measure("accuracy", "auc"); err != nil {
		t.Fatal(err)
	}
	d := table(t, 0, 1, 0, 1, 1, 1, 1, 1) // the second is always yes
	d.Test = d.Train
	r := fit(t, train.Job{Net: net, Data: d, Optimizer: optim.Adam{LR: 0.2}, Options: train.Options{Epochs: 200}})
	for _, name := range []string{"accuracy", "auc"} {
		if v, _ := r.Test.Get(name); v != 1 {
			t.Errorf("%s is %v, loss %v", name, v, r.Test)
		}
	}
	d = table(t, 0.25, 0.75, 0.125, 1)
	r = fit(t, train.Job{Net: net, Data: d, Optimizer: optim.Adam{LR: 0.2}, Options: train.Options{Epochs: 200}})
	if v, _ := r.Train.Get("accuracy"); v != 1 {
		t.Errorf("accuracy on targets between 0 and 1 is %v", v)
	}
}
