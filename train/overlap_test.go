package train

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/comm/commtest"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
)

// deep is a net whose gradients fill several buckets.
func deep() *nn.Net {
	net := nn.Sequential(nn.Flatten{}, nn.Dense{Units: 768, Activation: "relu"}, nn.Dense{Units: 768, Activation: "relu"},
		nn.Dense{Units: 768, Activation: "relu"}, nn.Dense{Units: 768, Activation: "relu"}, nn.Dense{Units: 10})
	net.Input, net.Loss = []int{1, 8, 8}, nn.CrossEntropy{}
	return net
}

// step is one training step of a worker, again and again on the same batch.
type step struct {
	*trainer
	batch *data.Batch
	parts []feature.Part
}

// workersOf runs f on a worker at each of the transports.
func workersOf(tb testing.TB, links []comm.Transport, options Options, f func(s step) error) {
	tb.Helper()
	set, err := data.Open(tb.Context(), "digits", data.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	errs := make([]error, len(links))
	work := func(link comm.Transport) error {
		group, err := comm.Connect(tb.Context(), link, comm.Options{})
		if err != nil {
			return err
		}
		defer group.Close()
		job := Job{Net: deep(), Data: learn.Data{Train: set.Train}, Threads: 1, Options: options}
		if err := errors.Join(job.share(group.Size()), job.prepare()); err != nil {
			return err
		}
		defer job.close()
		t, err := newTrainer(tb.Context(), group, job)
		if err != nil {
			return err
		}
		if err := errors.Join(t.joinParts(), t.startTogether(tb.Context())); err != nil {
			return err
		}
		batches, err := feature.NewBatches(tb.Context(), set.Train, t.pipeline, feature.BatchOptions{
			Size: job.Batch, Parts: t.job.parts, Rank: group.Rank(), Ranks: group.Size(),
		})
		if err != nil {
			return err
		}
		defer batches.Close()
		b, err := batches.Next()
		if err != nil {
			return err
		}
		t.workers.asked = func() error { return nil }
		return f(step{t, b, batches.Parts()})
	}
	var all sync.WaitGroup
	for i, link := range links {
		all.Go(func() { errs[i] = work(link) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		tb.Fatal(err)
	}
}

// TestBucketsLeaveEarly: when the backward pass ends, all buckets but the last
// are under way.
func TestBucketsLeaveEarly(t *testing.T) {
	for _, options := range []Options{{Batch: 16}, {Batch: 16, VirtualWorkers: 4}} {
		workersOf(t, comm.Memory(2), options, func(s step) error {
			sum := s.workers.sum
			s.beginParts()
			for _, part := range s.parts {
				if sum.next > 0 {
					t.Errorf("%d buckets started before the last part", sum.next)
				}
				if _, err := s.gradients(t.Context(), s.batch, part, s.workers.scores.part); err != nil {
					return err
				}
				if early := len(sum.missing) - 1; sum.last() && (early < 3 || sum.next != early) {
					t.Errorf("%d buckets of %d are under way when the backward pass has ended", sum.next, early)
				}
				s.endPart(part, 0.5)
			}
			return s.endParts(t.Context())
		})
	}
}

// BenchmarkStep trains on two workers at a network of 1 GB/s: with sums that begin
// while gradients are computed, and after all are.
func BenchmarkStep(b *testing.B) {
	for _, overlap := range []bool{true, false} {
		name := "overlap"
		if !overlap {
			name = "in turn"
		}
		b.Run(name, func(b *testing.B) {
			links := comm.Memory(2)
			for i := range links {
				links[i] = commtest.Slow(links[i], 1e9)
			}
			workersOf(b, links, Options{Batch: 256}, func(s step) error {
				if !overlap {
					s.programs.ready = nil
				}
				for range b.N {
					if err := s.trainOn(context.Background(), s.batch, s.parts); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}
