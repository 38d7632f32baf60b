package train_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/learn"
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
