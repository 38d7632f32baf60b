package train_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/storage/storagetest"
	"github.com/emberml/ember/train"
)

// TestFullDisk fails each commit of a run's checkpoints: nothing half-written
// stays, and what was whole before can be resumed from.
func TestFullDisk(t *testing.T) {
	job := train.Job{Net: small(), Data: digits(t), Options: train.Options{Epochs: 3, Batch: 500}}
	whole := fit(t, job)
	for commit := 2; commit <= 7; commit++ { // the first checks that the folder can be written
		job.CheckpointDir, job.Resume = t.TempDir(), false
		faulty := storagetest.Faulty(storage.Local{}, fmt.Sprintf("commit %d: enospc", commit))
		_, err := train.Fit(storage.WithFS(t.Context(), "file", faulty), comm.Solo(), job)
		if space := (&storage.SpaceError{}); !errors.As(err, &space) {
			t.Fatalf("commit %d: error is %v, want a SpaceError", commit, err)
		}
		files, _ := filepath.Glob(filepath.Join(job.CheckpointDir, "*"))
		if want := (commit - 2) / 2 * 2; len(files) != want {
			t.Errorf("commit %d: %d files are left, want %d: %v", commit, len(files), want, files)
		}
		if len(files) > 0 {
			job.Resume = true
			sameWeights(t, whole.Model, fit(t, job).Model)
		}
	}
}

// TestUnwritableFolder checks that a folder that takes no checkpoint is found out
// before training begins.
func TestUnwritableFolder(t *testing.T) {
	heard := &recorder{}
	job := train.Job{Net: small(), Data: digits(t), CheckpointDir: t.TempDir(), Report: heard}
	faulty := storagetest.Faulty(storage.Local{}, "create *: eacces")
	_, err := train.Fit(storage.WithFS(context.Background(), "file", faulty), comm.Solo(), job)
	if err == nil || !strings.HasPrefix(err.Error(), "no checkpoint can be written: create "+job.CheckpointDir) {
		t.Errorf("error is %v", err)
	}
	if len(heard.events) > 0 {
		t.Errorf("training began: %v", heard.events[0].Kind())
	}
}

// TestBestCheckpointStays checks that an interval leaves no best checkpoint out.
func TestBestCheckpointStays(t *testing.T) {
	job := train.Job{Net: small(), Data: digits(t), CheckpointDir: t.TempDir(), Options: train.Options{Epochs: 3, Batch: 500, Checkpoint: train.Checkpoint{Epochs: 100}}}
	job.Data.Valid = job.Data.Test
	best := 0
	job.Report = &recorder{hear: func(e report.Event) {
		if c, ok := e.(report.Checkpoint); ok && c.Best {
			best++
		}
	}}
	fit(t, job)
	if best == 0 {
		t.Error("no checkpoint is the best")
	}
}

// TestInterruptedWithoutCheckpoint says what can be resumed from: nothing where
// training had not begun, or where the disk is full.
func TestInterruptedWithoutCheckpoint(t *testing.T) {
	for _, c := range []struct {
		faults, want string
		at           report.Event // that cancels; nil is before all
	}{
		{"list 9: eio", "interrupted before the first step", nil},
		{"write 2+: enospc", "interrupted after step 1; the checkpoint could not be written: write ", report.Step{}},
	} {
		ctx, cancel := context.WithCancel(storage.WithFS(t.Context(), "file", storagetest.Faulty(storage.Local{}, c.faults)))
		defer cancel()
		job := train.Job{Net: small(), Data: digits(t), CheckpointDir: t.TempDir()}
		job.Report = &recorder{hear: func(e report.Event) {
			if c.at != nil && e.Kind() == c.at.Kind() {
				cancel()
			}
		}}
		if c.at == nil {
			cancel()
		}
		_, err := train.Fit(ctx, comm.Solo(), job)
		var stopped *train.InterruptedError
		if !errors.As(err, &stopped) || !errors.Is(err, learn.ErrInterrupted) || stopped.Checkpoint != "" || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("error is %v, want %s", err, c.want)
		}
	}
}
