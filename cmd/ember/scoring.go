package main

import (
	"errors"
	"fmt"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/engine/cpu"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
)

// scoring is a model and data in the form of what it was trained on: what eval
// and predict work with.
type scoring struct {
	model     *model.Model
	predictor *model.Predictor
	backend   *cpu.Backend
	dataset   *data.Dataset
	src       data.Source // the part of the set to work on
}

// openScoring opens a model that Ember wrote and the data for it.
func openScoring(e *env, name, spec, target string, flags *computing) (s *scoring, err error) {
	s = &scoring{}
	defer func() {
		if err != nil {
			s.Close() // err is the one to report
			s = nil
		}
	}()
	if s.backend, err = flags.backendHere(); err != nil {
		return s, err
	}
	if s.model, err = loadModel(e.ctx, name); err != nil {
		return s, err
	}
	if s.model.Pipeline == nil {
		return s, inputError{fmt.Errorf("%s does not say what data it takes: another program wrote it; ember run computes it on tensors", name)}
	}
	if s.predictor, err = s.model.Predictor(model.PredictOptions{Backend: s.backend, Memory: int(flags.Memory)}); err != nil {
		return s, err
	}
	if s.dataset, err = openLike(e, spec, s.model.Pipeline.Schema, data.Options{Target: target}); err != nil {
		return s, err
	}
	s.src = measured(s.dataset)
	return s, nil
}

// Close gives back memory and threads.
func (s *scoring) Close() error {
	var errs []error
	if s.dataset != nil {
		errs = append(errs, s.dataset.Close())
	}
	if s.model != nil {
		errs = append(errs, s.model.Close())
	}
	if s.backend != nil {
		s.backend.Close()
	}
	return errors.Join(errs...)
}

// learnsInput tells whether the model is of a net that learns its input.
func (s *scoring) learnsInput() bool {
	root, err := config.Parse("", []byte(s.model.Net))
	if err != nil {
		return false
	}
	target, _ := root.Get("target").Text()
	return target == nn.InputName
}

// needTarget refuses data that nothing can be measured on.
func (s *scoring) needTarget() error {
	schema := s.src.Schema()
	if schema.Target.Kind == data.NoTarget && !s.learnsInput() {
		return &data.ContentError{Source: schema.Name, Detail: "there is no target to measure by", Hint: "name its column with --target, or put the labels beside the samples"}
	}
	return nil
}
