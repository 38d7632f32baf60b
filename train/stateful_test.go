package train_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math"
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

// stateful.json is what stateful.py wrote.
//
//go:embed testdata/stateful.json
var statefulGolden []byte

// noise is stateful.py's: numbers in ±1 that depend on name and position alone.
func noise(name string, shape ...int) *tensor.Tensor {
	seed := uint64(crc32.ChecksumIEEE([]byte(name)))
	x := make([]float32, tensor.Shape(shape).Len())
	for i := range x {
		h := (uint64(i)*2654435761 + seed) & (1<<32 - 1)
		h = (h ^ h>>15) * 2246822519 & (1<<32 - 1)
		x[i] = float32(float64(h>>8)/(1<<23) - 1)
	}
	return tensor.Of(x, shape...)
}

// sequences are 12 sequences of 5 steps: three batches of four whose samples go on.
func sequences(t *testing.T) data.Source {
	t.Helper()
	src, err := data.FromTensors(data.Schema{Name: "sequences"}, noise("x", 12, 5, 3), noise("y", 12, 1))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// stateful trains the layers on sequences, batches of four in their order.
func stateful(t *testing.T, layers ...nn.Layer) train.Job {
	t.Helper()
	net := nn.Sequential(layers...)
	net.Name, net.Input, net.Loss = "stateful", []int{5, 3}, nn.MSE{}
	ordered := false
	return train.Job{
		Net: net, Data: learn.Data{Train: sequences(t)}, Optimizer: optim.SGD{LR: 0.5}, Threads: 1,
		Options: train.Options{Epochs: 2, Batch: 4, Seed: 1, Shuffle: &ordered},
	}
}

// statefulLSTM is the net of stateful.py.
func statefulLSTM(t *testing.T) train.Job {
	return stateful(t, nn.LSTM{Recurrent: nn.Recurrent{Units: 6, Stateful: true}}, nn.Dense{Units: 1})
}

// TestStateful compares training, evaluation and predictions of a net that carries
// its state from batch to batch with PyTorch's.
func TestStateful(t *testing.T) {
	t.Parallel()
	compareStateful(t, statefulGolden)
}

func compareStateful(t *testing.T, golden []byte) {
	t.Helper()
	var want struct {
		Shapes      map[string][]int
		Loss        float64
		Predictions []float64
		Params      map[string][]float64
	}
	if err := json.Unmarshal(golden, &want); err != nil {
		t.Fatal(err)
	}
	job := statefulLSTM(t)
	job.Data.Test = sequences(t)
	job.Weights = map[string]*tensor.Tensor{}
	for name, shape := range want.Shapes {
		job.Weights[name] = noise(name, shape...)
	}
	r := fit(t, job)
	near := func(what string, got, want []float64) {
		t.Helper()
		for i, w := range want {
			if math.Abs(got[i]-w) > 1e-5 {
				t.Fatalf("%s[%d] is %v, PyTorch's %v", what, i, got[i], w)
			}
		}
	}
	for name, w := range want.Params {
		near(name, tensor.Float64s(r.Model.Weights()[name]), w)
	}
	loss, _ := r.Train.Get("loss")
	near("loss", []float64{loss}, []float64{want.Loss})
	mse := 0.0
	for i, y := range tensor.Float64s(noise("y", 12)) {
		mse += (want.Predictions[i] - y) * (want.Predictions[i] - y) / 12
	}
	loss, _ = r.Test.Get("loss")
	near("loss of the test", []float64{loss}, []float64{mse})

	file := filepath.Join(t.TempDir(), "stateful.onnx")
	if err := r.Model.Save(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	b := cpu.New(cpu.Options{Threads: 1})
	defer b.Close()
	p, err := m.Predictor(model.PredictOptions{Backend: b, Stateful: true})
	if err != nil {
		t.Fatal(err)
	}
	x := noise("x", 12, 5, 3)
	predict := func(lo, hi int) []float64 {
		t.Helper()
		out, err := p.Predict(x.Slice(0, lo, hi, 1))
		if err != nil {
			t.Fatal(err)
		}
		return tensor.Float64s(out.Values)
	}
	for range 2 {
		for lo := 0; lo < 12; lo += 4 {
			near("prediction", predict(lo, lo+4), want.Predictions[lo:lo+4])
		}
		p.Reset()
	}
	predict(0, 4)
	_, err = p.Predict(x.Slice(0, 4, 7, 1))
	if err == nil || !strings.Contains(err.Error(), "had 4 samples, this has 3") {
		t.Errorf("a batch of another size gives the error %v", err)
	}
	plain, err := m.Predictor(model.PredictOptions{Backend: b})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // each sample on its own
		out, err := plain.Predict(x.Slice(0, 0, 4, 1))
		if err != nil {
			t.Fatal(err)
		}
		near("first prediction", tensor.Float64s(out.Values), want.Predictions[:4])
	}
}

// TestStatefulWorkers wants the same model of two workers, of one that does the parts
// of both, and of a run that was interrupted in the middle of an epoch.
func TestStatefulWorkers(t *testing.T) {
	t.Parallel()
	job := stateful(t,
		nn.GRU{Recurrent: nn.Recurrent{Units: 5, Stateful: true, Sequences: true}},
		nn.SimpleRNN{Recurrent: nn.Recurrent{Units: 5, Stateful: true}}, nn.Dense{Units: 1})
	job.Data.Valid = sequences(t)
	job.VirtualWorkers = 2
	want := saved(t, fit(t, job))
	results, errs := over(t, comm.Memory(2), job, nil)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for rank, r := range results {
		if !bytes.Equal(saved(t, r), want) {
			t.Errorf("rank %d of two has another model", rank)
		}
	}
	interrupted := job
	interrupted.CheckpointDir = t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	steps := 0
	interrupted.Report = &recorder{hear: func(e report.Event) {
		if _, ok := e.(report.Step); ok {
			if steps++; steps == 5 {
				cancel()
			}
		}
	}}
	if _, err := train.Fit(ctx, comm.Solo(), interrupted); !errors.Is(err, learn.ErrInterrupted) {
		t.Fatalf("the interrupted run ended with %v", err)
	}
	interrupted.Report, interrupted.Resume = nil, true
	results, errs = over(t, comm.Memory(2), interrupted, nil)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(saved(t, results[0]), want) {
		t.Error("the resumed run has another model")
	}
}

// TestStatefulMistakes checks the errors of what leaves no sample its place.
func TestStatefulMistakes(t *testing.T) {
	for want, change := range map[string]func(j *train.Job){
		"shuffling moves the samples":                                     func(j *train.Job) { j.Shuffle = nil },
		"all batches have 5 samples, and the last of its 12 would have 2": func(j *train.Job) { j.Batch = 5 },
		"leave out bidirectional and reverse, or stateful": func(j *train.Job) {
			j.Net.Layers[0].Layer = nn.GRU{Recurrent: nn.Recurrent{Units: 2, Stateful: true, Reverse: true}}
		},
	} {
		job := statefulLSTM(t)
		change(&job)
		if _, err := train.Fit(t.Context(), comm.Solo(), job); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}
