package learntest

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/tensor"
)

// otherLabels: where data that are measured on list the labels in another order,
// their scores are the same.
func otherLabels(t *testing.T, s *suite) {
	s.skipUnless(t, data.Classes)
	d := s.set.clone()
	d.schema.Target.Labels = slices.Clone(d.schema.Target.Labels)
	slices.Reverse(d.schema.Target.Labels)
	for i, class := range tensor.Data[int64](d.y) {
		tensor.Data[int64](d.y)[i] = int64(len(d.schema.Target.Labels)) - 1 - class
	}
	if got, want := s.tested(t, d), s.tested(t, s.set); !reflect.DeepEqual(got, want) {
		t.Errorf("with the labels in another order the test gives %v, not %v", got, want)
	}
}

// tested is what a test on the data gives.
func (s *suite) tested(t *testing.T, d *table) (scores report.Scores) {
	t.Helper()
	sink := &recorder{hear: func(e report.Event) {
		if test, ok := e.(report.Test); ok {
			scores = test.Metrics
		}
	}}
	fit(t, s.New(Settings{}), learn.Data{Train: s.set.source(t), Test: d.source(t)}, sink)
	return scores
}

// misfitParts: data to measure on that are empty or of another shape are an error of
// the data, before anything is learned.
func misfitParts(t *testing.T, s *suite) {
	sample := s.set.x.Shape().Clone()
	sample[len(sample)-1]++
	wide := &table{schema: s.set.schema, x: tensor.New(s.set.x.DType(), sample...), y: s.set.y}
	wide.schema.Columns = nil
	for what, d := range map[string]*table{"samples of another shape": wide, "no samples": s.set.pick(nil)} {
		for part, parts := range map[string]learn.Data{"valid": {Valid: d.source(t)}, "test": {Test: d.source(t)}} {
			parts.Train = s.set.source(t)
			_, err := s.New(Settings{}).Fit(t.Context(), comm.Solo(), parts, &recorder{hear: func(e report.Event) {
				t.Errorf("%s, %s: the fit started", part, what)
			}})
			var content *data.ContentError
			if !errors.As(err, &content) {
				t.Errorf("%s, %s: the error is %v, want a *data.ContentError", part, what, err)
			}
		}
	}
}
