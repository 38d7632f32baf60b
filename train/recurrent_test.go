package train_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/train"
)

// recurrent reads a digit's rows, and goes back through three of them.
func recurrent(t *testing.T) *nn.Net {
	t.Helper()
	net, err := nn.ParseNet("rows", []byte(`
input: [1, 8, 8]
layers:
  - reshape: {shape: [8, 8]}
  - gru: {units: 12, sequences: true, bidirectional: true, tbptt: 3}
  - lstm: {units: 12, tbptt: 3, dropout: 0.1, state_init: orthogonal}
  - dense: {units: 10}
loss: cross_entropy
`))
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// TestRecurrentTraining wants the same model of truncated backpropagation through
// time by one worker, by two, and by a run that was interrupted and resumed.
func TestRecurrentTraining(t *testing.T) {
	t.Parallel()
	job := train.Job{
		Net: recurrent(t), Data: digits(t), Threads: 1,
		Options: train.Options{Epochs: 2, Batch: 128, Seed: 1, VirtualWorkers: 2},
	}
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

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	steps := 0
	broken := job
	broken.CheckpointDir = t.TempDir()
	broken.Report = &recorder{hear: func(e report.Event) {
		if _, ok := e.(report.Step); ok {
			if steps++; steps == 7 {
				cancel()
			}
		}
	}}
	if _, err := train.Fit(ctx, comm.Solo(), broken); !errors.Is(err, learn.ErrInterrupted) {
		t.Fatalf("the interrupted run ended with %v", err)
	}
	broken.Report, broken.Resume = nil, true
	if !bytes.Equal(saved(t, fit(t, broken)), want) {
		t.Error("the resumed run has another model")
	}
}
