// Package learn is the contract of a learner: what trains on a group of workers
// and their share of the data, and gives a model.
//
// A learner is a plain struct of options. It is written against a [comm.Group]
// and [Data] alone, so the same code learns in one process and in many. The
// conformance suite learntest runs every learner through what users rely on:
// that the same seed gives the same model, that the number of threads does not
// matter, that bad data is an error and not a wrong model.
package learn

import (
	"context"
	"errors"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/report"
)

// Learner learns a model from data.
type Learner interface {
	// Fit learns on this member of the group. Every member calls it with equal
	// options. It reports events to the sink, which may be nil. Canceling the
	// context ends it: where the learner has checkpoints, with one that the run
	// can be resumed from, and an error that wraps [ErrInterrupted].
	Fit(ctx context.Context, group *comm.Group, d Data, sink report.Sink) (*model.Model, error)
}

// Data is what is learned from and measured on. Each Source is the whole of its
// data; a member of a group reads its share of it.
type Data struct {
	Train data.Source // required
	Valid data.Source // measured after each epoch; may be nil
	Test  data.Source // measured at the end; may be nil
}

// ErrInterrupted ends a run whose context was canceled.
var ErrInterrupted = errors.New("interrupted")
