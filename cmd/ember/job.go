package main

import (
	"errors"
	"fmt"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/nn"
	"github.com/emberml/ember/optim"
	"github.com/emberml/ember/train"
)

// preparation is a job and what it reads from.
type preparation struct {
	job   train.Job
	notes []string // for the user
	open  []interface{ Close() error }
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

// prepare makes the job that the command line describes: it finds the net, opens
// the data, and fits one to the other.
func (c *trainCmd) prepare(e *env) (*preparation, error) {
	what, err := resolve(e.ctx, c.What)
	if err != nil {
		return nil, err
	}
	p := &preparation{}
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
	if p.job.Pipeline, err = pipeline(net, src.Schema(), net.Input); err != nil {
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
	if p.job.Pipeline, err = pipeline(net, src.Schema(), net.Input); err != nil {
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

// pipeline is the feature steps of a net file, and those that the data needs
// beside them to enter a net of the given input.
func pipeline(net *nn.Net, schema *data.Schema, input []int) (*feature.Pipeline, error) {
	var steps feature.List
	if net.Features != nil {
		if err := net.Features.Decode(&steps); err != nil {
			return nil, err
		}
	}
	return feature.Auto(schema, input, steps...)
}

// configure reads what the net leaves to the trainer.
func (c *trainCmd) configure(job *train.Job) error {
	var errs [3]error
	job.Options, errs[0] = train.ParseOptions(job.Net.Train)
	job.Optimizer, errs[1] = optim.Parse(job.Net.Optimizer)
	job.Schedule, errs[2] = optim.ParseSchedule(job.Net.Schedule)
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	job.Freeze = append(job.Freeze, c.Freeze...)
	if c.Steps != nil && c.Epochs == nil { // as many epochs as they take
		job.Epochs = max(1, (job.Steps*job.Batch+job.Data.Train.Len()-1)/job.Data.Train.Len())
	}
	return nil
}

// openTrain opens the data to train on, in the form of the data that like
// describes unless that is nil.
func (c *trainCmd) openTrain(e *env, p *preparation, like *data.Schema) (*data.Dataset, error) {
	if err := c.checkParts(); err != nil {
		return nil, err
	}
	d, err := c.openPart(e, c.Data, like)
	if err == nil {
		p.open = append(p.open, d)
	}
	return d, err
}

func (c *trainCmd) openPart(e *env, spec string, like *data.Schema) (*data.Dataset, error) {
	o := data.Options{Target: c.Target}
	if like != nil {
		return openLike(e, spec, like, o)
	}
	return openData(e, spec, o)
}

// checkParts refuses two answers to what is measured on.
func (c *trainCmd) checkParts() error {
	switch {
	case c.Split != nil && c.Valid != "":
		return usageError{errors.New("--split cuts off data to validate on, and --valid names some: give one of them")}
	case len(c.Split) == 3 && c.Test != "":
		return usageError{errors.New("--split cuts off data to test on, and --test names some: give one of them, or two fractions")}
	}
	return nil
}

// setParts sets what is trained and measured on: src, the training data of d
// with the target that is learned, whole or cut, and the rest in its form.
func (c *trainCmd) setParts(e *env, p *preparation, d *data.Dataset, src data.Source) error {
	parts := learn.Data{Train: src}
	var err error
	if d.Test != nil {
		if parts.Test, err = data.Conform(d.Test, src.Schema()); err != nil {
			return err
		}
	}
	if c.Split != nil {
		options, err := train.ParseOptions(p.job.Net.Train)
		if err != nil {
			return err
		}
		cut, err := data.Split(src, options.Seed, c.Split...)
		if err != nil {
			return readError(err)
		}
		parts.Train, parts.Valid = cut[0], cut[1]
		if len(cut) == 3 {
			parts.Test = cut[2]
		}
	}
	for _, part := range []struct {
		spec string
		into *data.Source
	}{{c.Valid, &parts.Valid}, {c.Test, &parts.Test}} {
		if part.spec == "" {
			continue
		}
		d, err := c.openPart(e, part.spec, src.Schema())
		if err != nil {
			return err
		}
		p.open = append(p.open, d)
		*part.into = measured(d)
		if s := (*part.into).Schema(); s.Target.Kind == data.NoTarget && p.job.Net.Target != nn.InputName {
			return noTruth(s)
		}
	}
	p.job.Data = parts
	return nil
}

// measured is the part of a set to measure on: its test part, if it has one.
func measured(d *data.Dataset) data.Source {
	if d.Test != nil {
		return d.Test
	}
	return d.Train
}

// noTruth says that nothing can be measured on data.
func noTruth(s *data.Schema) error {
	return &data.ContentError{Source: s.Name, Detail: "there is no target to measure by", Hint: "name its column with --target, or put the labels beside the samples"}
}
