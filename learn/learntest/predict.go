package learntest

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/metric"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// learns: predictions for what was learned from are better than the best
// constant.
func learns(t *testing.T, s *suite) {
	y := s.predictions(t, s.fit(t, Settings{}), s.set, 64)
	switch s.set.schema.Target.Kind {
	case data.Classes:
		m := &metric.Accuracy{}
		if err := m.Update(y, s.set.y, nil); err != nil {
			t.Fatal(err)
		}
		most := 0
		for class := range s.set.schema.Target.Labels {
			most = max(most, len(s.set.ofClass(int64(class))))
		}
		if constant := float64(most) / float64(s.set.len()); m.Value() <= constant {
			t.Errorf("the accuracy is %v, that of a constant %v", m.Value(), constant)
		}
	case data.Numbers:
		m := &metric.R2{}
		if err := m.Update(y, s.set.y.Reshape(y.Shape()...), nil); err != nil {
			t.Fatal(err)
		}
		if m.Value() <= 0 {
			t.Errorf("R² is %v, that of a constant 0", m.Value())
		}
	default:
		t.Skip("the data have no target to compare with")
	}
}

// schema: the model knows what its samples and its predictions are.
func schema(t *testing.T, s *suite) {
	m := s.fit(t, Settings{})
	if m.Pipeline == nil {
		t.Fatal("the model has no pipeline")
	}
	got, want := m.Pipeline.Schema, s.set.source(t).Schema()
	if !got.Sample.Equal(want.Sample) || got.DType != want.DType || !reflect.DeepEqual(got.Columns, want.Columns) {
		t.Errorf("samples are %v %v %v, those of the data %v %v %v", got.DType, got.Sample, got.Columns, want.DType, want.Sample, want.Columns)
	}
	if y := s.predictions(t, m, s.set, 64); got.Target.Kind == data.Classes && !y.Shape().Equal(tensor.Shape{s.set.len(), len(want.Target.Labels)}) {
		t.Errorf("probabilities are %v for %d labels", y.Shape(), len(want.Target.Labels))
	}
}

// saveAndLoad: a file gives the same bits, and the same file again.
func saveAndLoad(t *testing.T, s *suite) {
	m := s.fit(t, Settings{})
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := m.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	loaded, err := model.Load(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if a, b := s.predictions(t, m, s.set, 64), s.predictions(t, loaded, s.set, 64); !tensor.Same(a, b) {
		t.Error("the loaded model predicts something else")
	}
	same(t, "loaded and saved again", m, loaded)
}

// predictsSampleBySample: what is predicted for a sample does not depend on
// those beside it, beyond rounding.
func predictsSampleBySample(t *testing.T, s *suite) {
	m := s.fit(t, Settings{})
	want := s.predictions(t, m, s.set, s.set.len())
	for _, batch := range []int{1, 7, 64} {
		if got := s.predictions(t, m, s.set, batch); !tensor.AllClose(got, want, 1e-5, 1e-6) {
			t.Errorf("%d samples at a time give other predictions than all at once", batch)
		}
	}
	backward := make([]int, s.set.len())
	for i := range backward {
		backward[i] = s.set.len() - 1 - i
	}
	if got := s.predictions(t, m, s.set.pick(backward), 64); !tensor.AllClose(got, take(want, backward), 1e-5, 1e-6) {
		t.Error("samples in another order have other predictions")
	}
	p, err := m.Predictor(model.PredictOptions{Backend: s.backend})
	if err != nil {
		t.Fatal(err)
	}
	none, err := p.Predict(s.set.x.Slice(0, 0, 0, 1))
	if err != nil {
		t.Fatalf("no samples: %v", err)
	}
	if shape := append(tensor.Shape{0}, want.Shape()[1:]...); !scores(none).Shape().Equal(shape) {
		t.Errorf("no samples have predictions of shape %v, want %v", scores(none).Shape(), shape)
	}
}

// predictsOtherShape: samples that do not fit are an error.
func predictsOtherShape(t *testing.T, s *suite) {
	p, err := s.fit(t, Settings{}).Predictor(model.PredictOptions{Backend: s.backend})
	if err != nil {
		t.Fatal(err)
	}
	sample := s.set.x.Shape()[1:].Clone()
	sample[len(sample)-1]++
	if _, err := p.Predict(tensor.New(s.set.x.DType(), append(tensor.Shape{2}, sample...)...)); err == nil {
		t.Errorf("samples of shape %v have predictions, those learned from are %v", sample, s.set.x.Shape()[1:])
	}
}

// events: a run tells its start first, steps and epochs in their order, and the
// test at the end.
func events(t *testing.T, s *suite) {
	var heard recorder
	fit(t, s.New(Settings{}), learn.Data{Train: s.set.source(t), Valid: s.half(0).source(t), Test: s.half(1).source(t)}, &heard)
	step, epoch, tests := int64(0), 0, 0
	for i, e := range heard.events {
		_, starts := e.(report.Start)
		if starts != (i == 0) {
			t.Errorf("event %d is %s", i, e.Kind())
		}
		switch e := e.(type) {
		case report.Start:
			if e.Samples != int64(s.set.len()) {
				t.Errorf("the start tells of %d samples, there are %d", e.Samples, s.set.len())
			}
		case report.Step:
			if e.Step <= step {
				t.Errorf("step %d after step %d", e.Step, step)
			}
			step = e.Step
		case report.Epoch:
			if e.Epoch != epoch+1 || e.Samples != int64(s.set.len()) || e.Valid == nil {
				t.Errorf("after epoch %d of %d samples: %+v", epoch, s.set.len(), e)
			}
			epoch = e.Epoch
		case report.Test:
			tests++
			if e.Metrics == nil {
				t.Error("the test has no metrics")
			}
		}
	}
	if tests != 1 {
		t.Errorf("%d tests were reported", tests)
	}
}
