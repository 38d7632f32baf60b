package learntest

import (
	"context"
	"errors"
	"testing"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/report"
)

// canceled: with a context that is done, a fit ends at once.
func canceled(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m, err := s.New(Settings{}).Fit(ctx, comm.Solo(), learn.Data{Train: s.set.source(t)}, nil)
	if !errors.Is(err, learn.ErrInterrupted) || m != nil {
		t.Errorf("the error is %v, with a model: %t; want learn.ErrInterrupted and none", err, m != nil)
	}
}

// interrupted: canceling the context ends a fit that has no checkpoints, too.
func interrupted(t *testing.T, s *suite) {
	s.interrupt(t, Settings{}, 1)
}

// resume: wherever it is interrupted, a fit that goes on ends in the same bits.
func resume(t *testing.T, s *suite) {
	var heard recorder
	whole := fit(t, s.New(Settings{Seed: 1}), learn.Data{Train: s.set.source(t)}, &heard)
	var last int64
	for _, e := range heard.events {
		if step, ok := e.(report.Step); ok {
			last = step.Step
		}
	}
	for _, at := range []int64{1, last/2 + 1, last} {
		settings := Settings{Seed: 1, Checkpoints: t.TempDir()}
		s.interrupt(t, settings, at)
		settings.Resume = true
		same(t, "interrupted and resumed", whole, s.fit(t, settings))
	}
}

// interrupt cancels a fit at a step.
func (s *suite) interrupt(t *testing.T, settings Settings, at int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sink := &recorder{hear: func(e report.Event) {
		if step, ok := e.(report.Step); ok && step.Step >= at {
			cancel()
		}
	}}
	m, err := s.New(settings).Fit(ctx, comm.Solo(), learn.Data{Train: s.set.source(t)}, sink)
	if !errors.Is(err, learn.ErrInterrupted) || m != nil {
		t.Fatalf("interrupted at step %d the error is %v, with a model: %t; want learn.ErrInterrupted and none", at, err, m != nil)
	}
}
