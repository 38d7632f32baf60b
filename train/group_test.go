package train_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
	"github.com/emberml/ember/train"
)

// together fits the job on n workers in this process; edit may change it for one
// of them.
func together(t *testing.T, n int, job train.Job, edit func(rank int, ctx context.Context, job *train.Job) context.Context) ([]*train.Result, []error) {
	t.Helper()
	return over(t, comm.Memory(n), job, edit)
}

// over fits the job on a worker at each of the transports.
func over(t *testing.T, links []comm.Transport, job train.Job, edit func(rank int, ctx context.Context, job *train.Job) context.Context) ([]*train.Result, []error) {
	t.Helper()
	results, errs := make([]*train.Result, len(links)), make([]error, len(links))
	var all sync.WaitGroup
	for rank, link := range links {
		all.Go(func() {
			ctx, job := t.Context(), job
			if edit != nil {
				ctx = edit(rank, ctx, &job)
			}
			group, err := comm.Connect(t.Context(), link, comm.Options{Lost: 3 * time.Second})
			if err != nil {
				errs[rank] = err
				return
			}
			results[rank], errs[rank] = train.Fit(ctx, group, job)
			if err := group.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return results, errs
}

// plain is small without batch norm, whose statistics belong to a part of the
// batch.
func plain() *nn.Net {
	net := nn.Sequential(
		nn.Conv2D{Filters: 4, Kernel: nn.Pair{3}, Activation: "relu"}, nn.MaxPool2D{Size: nn.Pair{2}},
		nn.Flatten{}, nn.Dense{Units: 16, Activation: "relu", L2: 1e-4, Dropout: 0.2}, nn.Dense{Units: 10},
	)
	net.Name, net.Input, net.Loss = "plain", []int{1, 8, 8}, nn.CrossEntropy{}
	return net
}

// TestWorkersAgree: the same seed and global batch give 1, 2 and 4 workers the
// same weights within 1e-5 after 20 steps, and all workers of a group the same
// bits.
func TestWorkersAgree(t *testing.T) {
	job := train.Job{Net: plain(), Data: digits(t), Threads: 1, Options: train.Options{Steps: 20, Batch: 32, Seed: 1}}
	alone := fit(t, job)
	for _, n := range []int{2, 4} {
		results, errs := together(t, n, job, nil)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			sameWeights(t, r.Model, results[0].Model)
		}
		for name, want := range alone.Model.Weights() {
			got := tensor.Float64s(results[0].Model.Weights()[name])
			for i, x := range tensor.Float64s(want) {
				if math.Abs(got[i]-x) > 1e-5 {
					t.Fatalf("%d workers: %s[%d] is %v, alone %v", n, name, i, got[i], x)
				}
			}
		}
		for _, s := range alone.Train {
			if got, _ := results[0].Train.Get(s.Name); math.Abs(got-s.Value) > 1e-5 {
				t.Errorf("%d workers: training %s is %v, alone %v", n, s.Name, got, s.Value)
			}
		}
	}
}

// TestWorkersHaveTheSameBits trains with running statistics, and with batches of
// fewer samples than there are workers.
func TestWorkersHaveTheSameBits(t *testing.T) {
	for _, batch := range []int{3, 32} {
		job := train.Job{Net: small(), Data: digits(t), Threads: 1, Options: train.Options{Steps: 8, Batch: batch, Seed: 1}}
		first, errs := together(t, 4, job, nil)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		again, errs := together(t, 4, job, nil)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for rank := range first {
			sameWeights(t, first[rank].Model, first[0].Model)
			sameWeights(t, again[rank].Model, first[0].Model)
		}
	}
}

// TestOneWorkerIsCanceled: all stop after the same step, and resume to the bits
// of the undisturbed run. The first alone reports.
func TestOneWorkerIsCanceled(t *testing.T) {
	job := train.Job{Net: small(), Data: digits(t), Threads: 1, Options: train.Options{Epochs: 2, Batch: 128, Seed: 3}}
	whole, errs := together(t, 2, job, nil)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	job.CheckpointDir = t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, errs = together(t, 2, job, func(rank int, in context.Context, job *train.Job) context.Context {
		if rank == 0 {
			job.Report = &recorder{hear: func(e report.Event) {
				if s, ok := e.(report.Step); ok && s.Step == 5 {
					cancel()
				}
			}}
			return in
		}
		job.Report = &recorder{hear: func(e report.Event) { t.Errorf("rank 1 reports %T", e) }}
		return ctx
	})
	var steps [2]int
	for rank, err := range errs {
		var e *train.InterruptedError
		if !errors.As(err, &e) || !errors.Is(err, learn.ErrInterrupted) {
			t.Fatalf("rank %d: %v", rank, err)
		}
		steps[rank] = e.Step
	}
	if steps[0] != steps[1] || steps[0] < 5 {
		t.Errorf("stopped after steps %v", steps)
	}
	job.Resume = true
	resumed, errs := together(t, 2, job, nil)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for rank := range resumed {
		sameWeights(t, resumed[rank].Model, whole[0].Model)
	}
	for _, s := range whole[0].Train {
		if got, _ := resumed[0].Train.Get(s.Name); got != s.Value {
			t.Errorf("training %s is %v, undisturbed %v", s.Name, got, s.Value)
		}
	}
}

// TestOneWorkerFails: the others learn which, and why.
func TestOneWorkerFails(t *testing.T) {
	job := train.Job{Net: plain(), Data: digits(t), Threads: 1, Options: train.Options{Steps: 5, Seed: 1}}
	_, errs := together(t, 3, job, func(rank int, ctx context.Context, job *train.Job) context.Context {
		if rank == 1 {
			job.Freeze = []string{"*"}
		}
		return ctx
	})
	for rank, err := range errs {
		var e *comm.PeerError
		if rank != 1 && (!errors.As(err, &e) || e.Rank != 1 || e.Cause != errs[1].Error()) {
			t.Errorf("rank %d: %v; rank 1 failed with %v", rank, err, errs[1])
		}
	}
}
