package main

import (
	"errors"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/learn"
	"github.com/emberml/ember/train"
)

// openTrain opens the data to train on, in the form of the data that like
// describes unless that is nil.
func (c *trainCmd) openTrain(e *env, p *preparation, like *data.Schema) (*data.Dataset, error) {
	if err := c.checkParts(); err != nil {
		return nil, err
	}
	d, err := p.sources.open(e, trainPart, c.Data, like, data.Options{Target: c.Target})
	if err == nil {
		p.open = append(p.open, d)
	}
	return d, err
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
	parts := learn.Data{Train: src, Test: d.Test}
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
		number int
		spec   string
		into   *data.Source
	}{{validPart, c.Valid, &parts.Valid}, {testPart, c.Test, &parts.Test}} {
		if part.spec == "" {
			continue
		}
		d, err := p.sources.open(e, part.number, part.spec, src.Schema(), data.Options{Target: c.Target})
		if err != nil {
			return err
		}
		p.open = append(p.open, d)
		*part.into = measured(d)
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
