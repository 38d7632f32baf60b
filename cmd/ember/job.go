package main

import (
	"errors"
	"fmt"

	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/train"
)

// preparation is a job and what it reads from.
type preparation struct {
	job   train.Job
	notes []string // for the user
	open  []interface{ Close() error }

	sources sources
}

// Close gives back the memory of data and model.
func (p *preparation) Close() error {
	var errs []error
	for _, c := range p.open {
		errs = append(errs, c.Close())
	}
	p.open = nil
	return errors.Join(errs...)
}

// prepare makes the job that the command line describes: it finds the net, by the
// name that the process in this seat has for its file, opens the data, and fits
// one to the other.
func (c *trainCmd) prepare(e *env, s seat) (*preparation, error) {
	from := c.What
	if namesFile(from) {
		from = s.name(from)
	}
	what, err := resolve(e.ctx, from)
	if err != nil {
		return nil, err
	}
	p := &preparation{sources: sources{member: membership(e.ctx, s.group, s.parts), worker: s.worker, away: c.Cluster.spark(), lender: s.lender}}
	switch {
	case what.model != nil:
		p.open = append(p.open, what.model)
		err = c.prepareModel(e, p, what.model)
	case what.file != nil:
		err = c.prepareFile(e, p, what.file)
	default:
		err = c.prepareBuiltin(e, p, what.builtin)
	}
	if err == nil {
		err = c.configure(&p.job)
	}
	if err != nil {
		p.Close() // err is the one to report
		return nil, err
	}
	for _, note := range p.notes {
		e.notef("%s", note)
	}
	return p, nil
}

// prepareFile makes the job for a net file.
func (c *trainCmd) prepareFile(e *env, p *preparation, root *config.Node) error {
	net, err := c.decode(p, root)
	if err != nil {
		return err
	}
	if err := net.Check(); err != nil { // before the data, which may be large
		return err
	}
	d, err := c.openTrain(e, p, nil)
	if err != nil {
		return err
	}
	src, err := learned(net, d.Train)
	if err != nil {
		return err
	}
	if p.job.Pipeline, err = train.Features(net, src.Schema()); err != nil {
		return err
	}
	p.job.Net = net
	return c.setParts(e, p, d, src)
}

// prepareBuiltin makes the job for a built-in net, whose input and output are
// those of the data.
func (c *trainCmd) prepareBuiltin(e *env, p *preparation, name string) error {
	d, err := c.openTrain(e, p, nil)
	if err != nil {
		return err
	}
	net, src, notes, err := c.fitBuiltin(name, d.Train)
	if err != nil {
		return err
	}
	p.notes = notes
	if p.job.Pipeline, err = train.Features(net, src.Schema()); err != nil {
		return err
	}
	p.job.Net = net
	return c.setParts(e, p, d, src)
}

// prepareModel makes the job that trains a model on: with its net, its weights,
// and its feature steps as they were fitted.
func (c *trainCmd) prepareModel(e *env, p *preparation, m *model.Model) error {
	root, err := modelSource(c.What, m)
	if err != nil {
		return err
	}
	net, err := c.decode(p, root)
	if err != nil {
		return err
	}
	d, err := c.openTrain(e, p, m.Pipeline.Schema)
	if err != nil {
		return err
	}
	src, err := learned(net, d.Train)
	if err != nil {
		return err
	}
	p.job.Net, p.job.Pipeline, p.job.Weights = net, m.Pipeline, m.Weights()
	return c.setParts(e, p, d, src)
}

// modelSource is the net file in a model.
func modelSource(name string, m *model.Model) (*config.Node, error) {
	if m.Net == "" || m.Pipeline == nil {
		return nil, inputError{fmt.Errorf("%s holds no net file: Ember did not train it; ember run can compute it, but it cannot be trained on", name)}
	}
	root, err := config.Parse(name+" (ember.net)", []byte(m.Net))
	return root, readError(err)
}

// decode reads the net after the edits of the command line.
func (c *trainCmd) decode(p *preparation, root *config.Node) (net *nn.Net, err error) {
	if p.notes, err = c.edit(root); err != nil {
		return nil, err
	}
	return nn.DecodeNet(root)
}

// configure adds to the job what the net says of its training, and the flags that
// are no keys of the net.
func (c *trainCmd) configure(job *train.Job) error {
	told, err := train.FromNet(job.Net)
	if err != nil {
		return err
	}
	job.Options, job.Optimizer, job.Schedule = told.Options, told.Optimizer, told.Schedule
	job.Freeze = append(job.Freeze, c.Freeze...)
	if c.Steps != nil && c.Epochs == nil {
		job.Epochs = 0 // as many as the steps take
	}
	if c.LogDir != "" && job.Net.Train.Get("histograms") == nil {
		job.Histograms = 1
	}
	return nil
}
