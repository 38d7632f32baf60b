package train

import (
	"context"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/report"
)

// Learner is a net as a [learn.Learner]: a [Job] that gets its data and its sink
// with each fit. What the job says of them is not used.
type Learner Job

// Fit trains the net and returns the model; see the function [Fit] for the
// errors.
func (l Learner) Fit(ctx context.Context, group *comm.Group, d learn.Data, sink report.Sink) (*model.Model, error) {
	job := Job(l)
	job.Data, job.Report = d, sink
	result, err := Fit(ctx, group, job)
	if err != nil {
		return nil, err
	}
	return result.Model, nil
}

var _ learn.Learner = Learner{}
