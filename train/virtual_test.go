package train_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/comm/commtest"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/data/datatest"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/internal/secure"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
	"github.com/emberml/ember/train"
)

// overTCP connects n members in this process by TCP and TLS.
func overTCP(t *testing.T, n int) []comm.Transport {
	t.Helper()
	a, err := secure.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	members, addresses := make([]comm.TCP, n), make([][]string, n)
	for i := range members {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addresses[i] = []string{l.Addr().String()}
		members[i] = comm.TCP{Rank: i, Addresses: addresses, Listeners: []net.Listener{l}, Token: a.Token()}
		if members[i].Identity, err = a.Issue(fmt.Sprintf("worker %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	links, errs := make([]comm.Transport, n), make([]error, n)
	var all sync.WaitGroup
	for i, m := range members {
		all.Go(func() { links[i], errs[i] = m.Dial(ctx) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return links
}

// saved is a model as a file.
func saved(t *testing.T, r *train.Result) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "model.onnx")
	if err := r.Model.Save(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestVirtualWorkers wants the same file of any number of workers: weights,
// running statistics and all scores.
func TestVirtualWorkers(t *testing.T) {
	t.Parallel()
	d := digits(t)
	d.Valid = d.Test
	job := train.Job{Net: small(), Data: d, Threads: 1, Options: train.Options{Epochs: 1, Batch: 90, Seed: 1, VirtualWorkers: 4}}
	want := saved(t, fit(t, job))
	for _, n := range []int{1, 2, 3, 4} {
		for _, kind := range []string{"memory", "tcp"} {
			links := comm.Memory(n)
			if kind == "tcp" {
				links = overTCP(t, n)
			}
			results, errs := over(t, links, job, nil)
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			for rank, r := range results {
				if !bytes.Equal(saved(t, r), want) {
					t.Errorf("%d workers over %s: rank %d has another model", n, kind, rank)
				}
			}
		}
	}
}

// TestManyScores has metrics that gather more between two reports, of which an epoch has
// 200, than workers exchange at once: they are settled on the way, to the same bits.
func TestManyScores(t *testing.T) {
	const classes, batch, steps = 600, 2, 6
	const samples = 200 * steps * batch
	net := nn.Sequential(nn.Dense{Units: classes})
	net.Name, net.Input, net.Loss = "many", []int{1}, nn.CrossEntropy{}
	if err := net.Measure("f1"); err != nil { // of all pairs of a class and a prediction
		t.Fatal(err)
	}
	labels, y := make([]string, classes), make([]int64, samples)
	for i := range labels {
		labels[i] = fmt.Sprint(i)
	}
	for i := range y {
		y[i] = int64(7 * i % classes)
	}
	src := source(t, data.Schema{Target: data.Target{Kind: data.Classes, Labels: labels}}, tensor.Of(y, samples))
	job := train.Job{Net: net, Data: learn.Data{Train: src}, Threads: 1, Options: train.Options{Steps: steps, Batch: batch, Seed: 1, VirtualWorkers: 2}}
	const state = classes * classes * 16
	if gathered := steps * 2 * state; gathered <= comm.ExchangeLimit {
		t.Fatalf("%d bytes are not enough", gathered)
	}
	alone := fit(t, job)
	results, errs := together(t, 2, job, nil)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for rank, r := range results {
		if !bytes.Equal(saved(t, r), saved(t, alone)) {
			t.Errorf("rank %d has another model or other scores", rank)
		}
	}
}

// TestVirtualWorkersOfSpreadData has shards of very different lengths, and one
// part without any sample.
func TestVirtualWorkersOfSpreadData(t *testing.T) {
	whole := digits(t)
	rest := whole.Train.Len() - 1000
	lengths := []int{700, 1, 0, 0, 299, rest, 0, 0} // two shards a part
	tests := []int{5, whole.Test.Len() - 5, 0, 0}
	job := train.Job{Net: small(), Threads: 1, Options: train.Options{Epochs: 1, Batch: 100, Seed: 1, VirtualWorkers: 4}}
	var want []byte
	for _, n := range []int{1, 2, 4} {
		trains, testers := datatest.Spread(whole.Train, lengths, 4, n), datatest.Spread(whole.Test, tests, 4, n)
		results, errs := together(t, n, job, func(rank int, ctx context.Context, job *train.Job) context.Context {
			job.Data = learn.Data{Train: trains[rank], Test: testers[rank]}
			return ctx
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for rank, r := range results {
			switch got := saved(t, r); {
			case want == nil:
				want = got
			case !bytes.Equal(got, want):
				t.Errorf("%d workers: rank %d has another model", n, rank)
			}
		}
	}
}

func TestTooFewVirtualWorkers(t *testing.T) {
	job := train.Job{Net: plain(), Data: digits(t), Options: train.Options{VirtualWorkers: 1}}
	_, errs := together(t, 2, job, nil)
	for rank, err := range errs {
		if e := (*config.Error)(nil); !errors.As(err, &e) {
			t.Errorf("rank %d: %v", rank, err)
		}
	}
}

// TestFirstWorkerResumes lets the first worker alone see the checkpoints.
func TestFirstWorkerResumes(t *testing.T) {
	d := digits(t)
	d.Valid = d.Test
	early := train.EarlyStopping{Patience: 10}
	job := train.Job{Net: small(), Data: d, Threads: 1, Options: train.Options{Epochs: 3, Batch: 128, Seed: 3, VirtualWorkers: 4, EarlyStopping: &early}}
	want := saved(t, fit(t, job))
	dir := t.TempDir()
	job.CheckpointDir = dir
	job.Steps = 14 // within the second epoch
	fit(t, job)
	job.Steps, job.Resume = 0, true
	for _, n := range []int{2, 3} {
		job.Checkpoint.Keep = 10
		results, errs := together(t, n, job, func(rank int, ctx context.Context, job *train.Job) context.Context {
			if rank > 0 {
				job.CheckpointDir = t.TempDir()
			}
			return ctx
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for rank, r := range results {
			if !bytes.Equal(saved(t, r), want) {
				t.Errorf("%d workers: rank %d has another model", n, rank)
			}
		}
	}
}

// TestWorkersWithOtherData find out before training.
func TestWorkersWithOtherData(t *testing.T) {
	job := train.Job{Net: plain(), Data: digits(t), Options: train.Options{Steps: 1}}
	_, errs := together(t, 2, job, func(rank int, ctx context.Context, job *train.Job) context.Context {
		if rank == 1 {
			parts, err := data.Split(job.Data.Train, 9, 0.5, 0.5)
			if err != nil {
				t.Fatal(err)
			}
			job.Data.Train = parts[0]
		}
		return ctx
	})
	for rank, err := range errs {
		if e := (*config.Error)(nil); !errors.As(err, &e) {
			t.Errorf("rank %d: %v", rank, err)
		}
	}
}

// TestStuckWorkers are alive and do not come to the end of a step, since what one
// sends does not arrive: a canceled run ends all the same.
func TestStuckWorkers(t *testing.T) {
	t.Parallel() // it waits
	links := comm.Memory(2)
	links[1] = commtest.Faulty(links[1], "bulk 2: delay 1h") // after that of the opening
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	job := train.Job{Net: plain(), Data: digits(t), Threads: 1}
	_, errs := over(t, links, job, func(rank int, in context.Context, job *train.Job) context.Context {
		if rank == 1 {
			return in
		}
		job.Report = &recorder{hear: func(e report.Event) {
			if _, ok := e.(report.Start); ok {
				cancel()
			}
		}}
		return ctx
	})
	var stopped *train.InterruptedError
	if !errors.As(errs[0], &stopped) || stopped.Err == nil || !strings.Contains(errs[0].Error(), "in time") {
		t.Errorf("rank 0: %v", errs[0])
	}
	if e := (*comm.PeerError)(nil); !errors.As(errs[1], &e) || e.Rank != 0 {
		t.Errorf("rank 1: %v", errs[1])
	}
}
