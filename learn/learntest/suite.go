package learntest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// suite is a case under test.
type suite struct {
	Case
	set     *table
	backend engine.Backend // for predicting
}

// skipUnless skips a check on data of another kind.
func (s *suite) skipUnless(t *testing.T, kind data.TargetKind) {
	t.Helper()
	if got := s.set.schema.Target.Kind; got != kind {
		t.Skipf("it is for a target of %v, the data's is %v", kind, got)
	}
}

// fit learns from all samples, or fails.
func (s *suite) fit(t *testing.T, settings Settings) *model.Model {
	t.Helper()
	return fit(t, s.New(settings), learn.Data{Train: s.set.source(t)}, nil)
}

func fit(t *testing.T, l learn.Learner, d learn.Data, sink report.Sink) *model.Model {
	t.Helper()
	m, err := l.Fit(t.Context(), comm.Solo(), d, sink)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// refused learns from data that cannot be learned from. The error that it wants
// is of the data, and there is no model.
func (s *suite) refused(t *testing.T, d *table) {
	t.Helper()
	m, err := s.New(Settings{}).Fit(t.Context(), comm.Solo(), learn.Data{Train: d.source(t)}, nil)
	var content *data.ContentError
	if !errors.As(err, &content) || m != nil {
		t.Errorf("the error is %v, with a model: %t; want a *data.ContentError and none", err, m != nil)
	}
}

// predictions are what the model says of all samples, read in batches.
func (s *suite) predictions(t *testing.T, m *model.Model, d *table, batch int) *tensor.Tensor {
	t.Helper()
	p, err := m.Predictor(model.PredictOptions{Backend: s.backend, Batch: batch})
	if err != nil {
		t.Fatal(err)
	}
	batches, err := feature.NewBatches(t.Context(), d.source(t), m.Pipeline, feature.BatchOptions{Size: batch})
	if err != nil {
		t.Fatal(err)
	}
	defer batches.Close()
	var all []*tensor.Tensor
	for {
		b, err := batches.Next()
		if errors.Is(err, io.EOF) {
			return tensor.Concat(0, all...)
		}
		if err != nil {
			t.Fatal(err)
		}
		y, err := p.Predict(b.X)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, scores(y))
	}
}

// scores are the probabilities of classes, else the predicted numbers.
func scores(p *model.Prediction) *tensor.Tensor {
	if p.Probabilities != nil {
		return p.Probabilities
	}
	return p.Values
}

// finite fails where a prediction for the samples is no number.
func (s *suite) finite(t *testing.T, m *model.Model, d *table) {
	t.Helper()
	for i, v := range tensor.Float64s(s.predictions(t, m, d, 64)) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("prediction %d is %v", i, v)
		}
	}
}

// saved is the model's file.
func saved(t *testing.T, m *model.Model) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := m.Save(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// same fails unless both models save the same bytes; it names weights that
// differ.
func same(t *testing.T, what string, a, b *model.Model) {
	t.Helper()
	if bytes.Equal(saved(t, a), saved(t, b)) {
		return
	}
	t.Errorf("%s: another model", what)
	others := b.Weights()
	for name, w := range a.Weights() {
		if other := others[name]; other == nil || !tensor.Same(w, other) {
			t.Errorf("the weight %s differs", name)
		}
	}
	t.Logf("metrics are %v and %v", a.Metrics, b.Metrics)
}

// recorder keeps the events of a run and lets one look at each.
type recorder struct {
	events []report.Event
	hear   func(report.Event)
}

// Event implements [report.Sink].
func (r *recorder) Event(e report.Event) {
	r.events = append(r.events, e)
	if r.hear != nil {
		r.hear(e)
	}
}

func (r *recorder) Close() error { return nil }
