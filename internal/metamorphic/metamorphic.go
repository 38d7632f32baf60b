// Package metamorphic lets a learner learn in many ways that must not matter,
// and compares what it predicts.
//
// A way is a choice along each of several axes: how many threads, whether the
// fit is interrupted after some step and resumed, perhaps with another number of
// threads, whether the model goes through a file, and how many samples it
// predicts at a time. On one kernel variant all ways end in the same bits; from
// variant to variant they differ by rounding. Some ways turn one axis alone,
// others are drawn from all.
//
// The checks of learntest turn the same axes on small nets; here they meet one
// another. An axis to come, such as the number of workers, is a field of way.
package metamorphic

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/internal/kernel/kerneltest"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/learn/learntest"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// Case is a learner with data for it.
type Case struct {
	New func(s learntest.Settings) learn.Learner
	// Train is learned from in Steps updates.
	Train data.Source
	Steps int
	// Test is what is predicted for.
	Test data.Source
	// Tolerance bounds how far the kernel variants' predictions may be apart,
	// absolutely: rounding, which training has amplified.
	Tolerance float64
}

// way is one way to learn and predict.
type way struct {
	threads int
	stop    int // interrupted after this step and resumed; 0: not interrupted
	resumed int // threads of the resumed part
	file    bool
	batch   int // samples predicted at a time; 0: the default
}

func (w way) String() string {
	text := fmt.Sprintf("threads=%d", w.threads)
	if w.stop > 0 {
		text += fmt.Sprintf(",stop=%d,resumed=%d", w.stop, w.resumed)
	}
	if w.file {
		text += ",file"
	}
	if w.batch > 0 {
		text += fmt.Sprintf(",batch=%d", w.batch)
	}
	return text
}

// ways turns each axis alone, then draws.
func (c *Case) ways(random *tensor.Rand) []way {
	all := []way{
		{threads: 2},
		{threads: 1, stop: 1, resumed: 1},
		{threads: 1, stop: c.Steps - 1, resumed: 1},
		{threads: 1, file: true},
		{threads: 1, batch: 5},
	}
	for range drawn {
		all = append(all, way{
			threads: 1 + random.IntN(3),
			stop:    random.IntN(c.Steps),
			resumed: 1 + random.IntN(3),
			file:    random.IntN(2) == 1,
			batch:   random.IntN(10),
		})
	}
	return all
}

// drawn is how many ways are drawn for each kernel variant.
const drawn = 2

// Run goes all ways on every kernel variant.
func Run(t *testing.T, c Case) {
	random := tensor.NewRand(uint64(c.Steps))
	var first *tensor.Tensor // of the first variant
	kerneltest.Each(t, func(t *testing.T) {
		want := c.predictions(t, way{threads: 1})
		if first == nil {
			first = want
		}
		if !tensor.AllClose(want, first, 0, c.Tolerance) {
			t.Errorf("predictions differ from those of the first variant by %v", tensor.Max(tensor.Abs(tensor.Sub(want, first)), nil, false))
		}
		for _, w := range c.ways(random) {
			if got := c.predictions(t, w); !tensor.Same(got, want) {
				t.Errorf("%v predicts something else than threads=1", w)
			}
		}
	})
}

// predictions are what is predicted for the test data after learning that way.
func (c *Case) predictions(t *testing.T, w way) *tensor.Tensor {
	t.Helper()
	m := c.learn(t, w)
	if w.file {
		path := filepath.Join(t.TempDir(), "m.onnx")
		if err := m.Save(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		loaded, err := model.Load(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		m = loaded
	}
	backend := cpu.New(cpu.Options{Threads: w.threads})
	defer backend.Close()
	p, err := m.Predictor(model.PredictOptions{Backend: backend, Batch: w.batch})
	if err != nil {
		t.Fatal(err)
	}
	var parts []*tensor.Tensor
	predict := learn.Predictions(p)
	err = learn.Evaluate(t.Context(), c.Test, m.Pipeline, func(b *data.Batch) (scores, truth *tensor.Tensor, err error) {
		scores, truth, err = predict(b)
		parts = append(parts, scores)
		return scores, truth, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tensor.Concat(0, parts...)
}

// learn fits, in one go or interrupted and resumed.
func (c *Case) learn(t *testing.T, w way) *model.Model {
	t.Helper()
	settings := learntest.Settings{Seed: 1, Threads: w.threads}
	d := learn.Data{Train: c.Train}
	if w.stop > 0 {
		settings.Checkpoints = t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := c.New(settings).Fit(ctx, comm.Solo(), d, stopper{w.stop, cancel})
		if !errors.Is(err, learn.ErrInterrupted) {
			t.Fatalf("%v: the interrupted fit ends with %v", w, err)
		}
		settings.Resume, settings.Threads = true, w.resumed
	}
	m, err := c.New(settings).Fit(t.Context(), comm.Solo(), d, nil)
	if err != nil {
		t.Fatalf("%v: %v", w, err)
	}
	return m
}

// stopper calls stop after a step.
type stopper struct {
	step int
	stop func()
}

// Event implements [report.Sink].
func (s stopper) Event(e report.Event) {
	if step, ok := e.(report.Step); ok && step.Step >= int64(s.step) {
		s.stop()
	}
}

func (s stopper) Close() error { return nil }
