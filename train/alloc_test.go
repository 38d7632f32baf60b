package train

import (
	"context"
	"errors"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/nn"
)

// TestStepAllocatesNothing runs the programs of a step of a net with all kinds
// of layers, on one thread and two.
func TestStepAllocatesNothing(t *testing.T) {
	set, err := data.Open(context.Background(), "digits", data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	net := nn.Sequential(
		nn.Conv2D{Filters: 8, Kernel: nn.Pair{3}, Padding: nn.Same, Activation: "relu"}, nn.BatchNorm{}, nn.MaxPool2D{},
		nn.Conv2D{Filters: 8, Kernel: nn.Pair{3}, Activation: "gelu"}, nn.Flatten{}, nn.LayerNorm{},
		nn.Dense{Units: 32, Activation: "tanh", L2: 1e-4, Dropout: 0.2}, nn.Dense{Units: 10},
	)
	net.Input, net.Loss = []int{1, 8, 8}, nn.CrossEntropy{}
	for threads := 1; threads <= 2; threads++ {
		job := Job{Net: net, Data: learn.Data{Train: set.Train}, Threads: threads, Options: Options{ClipNorm: 1}}
		if err := errors.Join(job.share(1), job.prepare()); err != nil {
			t.Fatal(err)
		}
		defer job.close()
		tr, err := newTrainer(context.Background(), comm.Solo(), job)
		if err != nil {
			t.Fatal(err)
		}
		batches, err := feature.NewBatches(context.Background(), set.Train, tr.pipeline, feature.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer batches.Close()
		b, err := batches.Next()
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.trainOn(context.Background(), b, batches.Parts()); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(10, func() {
			if _, err := tr.programs.first.Run(tr.first.values); err != nil {
				t.Fatal(err)
			}
			if _, err := tr.programs.update.Run(tr.update.values); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("a step on %d threads allocates %v times", threads, n)
		}
	}
}
