package learntest

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/tensor"
)

// readOnly: samples, targets and schema are as before a fit.
func readOnly(t *testing.T, s *suite) {
	d := s.set.clone()
	src := d.source(t)
	before := *src.Schema()
	fit(t, s.New(Settings{}), learn.Data{Train: src, Valid: src, Test: src}, nil)
	if !bytes.Equal(d.x.Bytes(), s.set.x.Bytes()) {
		t.Error("the samples were changed")
	}
	if d.y != nil && !bytes.Equal(d.y.Bytes(), s.set.y.Bytes()) {
		t.Error("the targets were changed")
	}
	if !reflect.DeepEqual(*src.Schema(), before) {
		t.Errorf("the schema was changed to %+v", *src.Schema())
	}
}

// noSamples: there is nothing to learn from.
func noSamples(t *testing.T, s *suite) { s.refused(t, s.set.pick(nil)) }

// noTarget: there is nothing to learn.
func noTarget(t *testing.T, s *suite) {
	s.refused(t, &table{schema: s.set.schema, x: s.set.x})
}

// oneClass: there is nothing to tell apart.
func oneClass(t *testing.T, s *suite) {
	s.skipUnless(t, data.Classes)
	s.refused(t, s.set.pick(s.set.ofClass(1)))
}

// constantFeature: a number that says nothing does no harm.
func constantFeature(t *testing.T, s *suite) {
	d := s.set.clone()
	tensor.CopyInto(d.feature(0), tensor.Cast(tensor.Full(3.0, d.len()), d.x.DType()))
	s.finite(t, fit(t, s.New(Settings{}), learn.Data{Train: d.source(t)}, nil), d)
}

// nanFeature: a number that is missing is an error, or learned around.
func nanFeature(t *testing.T, s *suite) {
	d := s.set.clone()
	if !d.x.DType().IsFloat() {
		t.Skipf("a %v is always a number", d.x.DType())
	}
	tensor.CopyInto(d.feature(0).Slice(0, 1, 2, 1), tensor.Cast(tensor.Full(math.NaN(), 1), d.x.DType()))
	m, err := s.New(Settings{}).Fit(t.Context(), comm.Solo(), learn.Data{Train: d.source(t)}, nil)
	if err == nil {
		s.finite(t, m, s.set)
	}
}

// nanTarget: a target that is no number cannot be learned.
func nanTarget(t *testing.T, s *suite) {
	s.skipUnless(t, data.Numbers)
	d := s.set.clone()
	tensor.Data[float32](d.y)[1] = float32(math.NaN())
	s.refused(t, d)
}
