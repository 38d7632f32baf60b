package train_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/train"
)

// TestNewRunReplacesCheckpoints: what a run resumes from is its own, even where an
// earlier one came further.
func TestNewRunReplacesCheckpoints(t *testing.T) {
	job := train.Job{Net: small(), Data: digits(t), CheckpointDir: t.TempDir(), Options: train.Options{Epochs: 3, Batch: 256}}
	fit(t, job)
	var r recorder
	job.Report, job.Epochs, job.Seed = &r, 1, 7
	want := fit(t, job)
	files, err := filepath.Glob(filepath.Join(job.CheckpointDir, "*.json"))
	if err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, %v; want the checkpoint of the new run", files, err)
	}
	if warned := warnings(r.events); warned != "" {
		t.Errorf("a run that had ended is warned of: %s", warned)
	}
	job.Resume = true
	got := fit(t, job)
	sameWeights(t, got.Model, want.Model)
	if !reflect.DeepEqual(got.Train, want.Train) {
		t.Errorf("the scores of the last epoch are %v, were %v", got.Train, want.Train)
	}
}

// TestUnfinishedRunIsWarnedOf: who forgets to resume is told before anything is
// lost.
func TestUnfinishedRunIsWarnedOf(t *testing.T) {
	job := train.Job{Net: small(), Data: digits(t), CheckpointDir: t.TempDir(), Options: train.Options{Epochs: 2, Batch: 256}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	job.Report = &recorder{hear: func(e report.Event) {
		if _, ok := e.(report.Step); ok {
			cancel()
		}
	}}
	if _, err := train.Fit(ctx, comm.Solo(), job); !errors.Is(err, learn.ErrInterrupted) {
		t.Fatalf("the interrupted run ended with %v", err)
	}
	var r recorder
	job.Report = &r
	fit(t, job)
	if warned := warnings(r.events); !strings.Contains(warned, "--resume") {
		t.Errorf("the warnings are %q", warned)
	}
}

// TestPartOfAnEpoch: a run that ends within an epoch tells how far it came.
func TestPartOfAnEpoch(t *testing.T) {
	var r recorder
	result := fit(t, train.Job{Net: small(), Data: digits(t), Report: &r, Options: train.Options{Steps: 3, Batch: 64}})
	for _, e := range r.events {
		if e, ok := e.(report.Epoch); ok {
			if loss, _ := result.Train.Get("loss"); e.Samples != 3*64 || e.Epoch != 1 || loss != float64(e.Loss) {
				t.Errorf("the epoch is %+v, the result %v", e, result.Train)
			}
			return
		}
	}
	t.Error("no epoch was reported")
}

func warnings(events []report.Event) string {
	var all []string
	for _, e := range events {
		if w, ok := e.(report.Warning); ok {
			all = append(all, w.Message)
		}
	}
	return strings.Join(all, "\n")
}

// TestInterruptedAnywhere interrupts a run at each of its events, again and again,
// on nets and data with all that is random, and compares the end with that of a run
// in one go.
func TestInterruptedAnywhere(t *testing.T) {
	t.Parallel()
	d := digits(t)
	parts, err := data.Split(d.Train, 1, 0.2)
	if err != nil {
		t.Fatal(err)
	}
	d.Train, d.Valid = parts[0], d.Test
	steps, err := feature.Auto(d.Train.Schema(), []int{1, 8, 8}, &feature.RandomCrop{Height: 8, Width: 8, Padding: 1}, &feature.RandomFlip{})
	if err != nil {
		t.Fatal(err)
	}
	job := train.Job{
		Net: small(), Data: d, Pipeline: steps, Optimizer: optim.SGD{LR: 0.2, Momentum: 0.9}, Schedule: optim.Warmup{Steps: 2, Then: optim.Cosine{}},
		Options: train.Options{Epochs: 8, Batch: 100, VirtualWorkers: 2, ClipNorm: 1, EarlyStopping: &train.EarlyStopping{Patience: 2, MinDelta: 0.2}},
	}
	whole := fit(t, job)
	if whole.Epochs == job.Epochs {
		t.Fatal("the run was not stopped early")
	}
	for _, every := range []int{2, 3, 5, 7, 10} {
		job.CheckpointDir, job.Resume = t.TempDir(), false
		for range 50 {
			ctx, cancel := context.WithCancel(t.Context())
			heard := 0
			job.Report = &recorder{hear: func(report.Event) {
				if heard++; heard == every {
					cancel()
				}
			}}
			resumed, err := train.Fit(ctx, comm.Solo(), job)
			cancel()
			if job.Resume = true; errors.Is(err, learn.ErrInterrupted) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			sameWeights(t, whole.Model, resumed.Model)
			resumed.Model = whole.Model
			if !reflect.DeepEqual(whole, resumed) {
				t.Errorf("interrupted after every %d events: %+v, want %+v", every, resumed, whole)
			}
			break
		}
	}
}
