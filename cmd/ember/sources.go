package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/internal/config"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/train"
)

// fromSpark begins the data sources that Spark feeds to the workers.
const fromSpark = "spark:"

// The parts of a training's data, in the order of [cluster.Options].Queries.
const (
	trainPart = iota
	validPart
	testPart
)

// sources is how one of a group of workers opens data: files with the others, and
// what Spark feeds to them.
type sources struct {
	member data.Membership
	worker *cluster.Worker // nil: none of a cluster, and no source is Spark's
	away   bool            // the workers are on other machines
	lender string          // where a worker takes built-in data sets from
	fed    [3]data.Source
	read   bool // of Spark
}

// open opens the data of a part of the training, in the form that like describes
// unless that is nil.
func (s *sources) open(e *env, part int, spec string, like *data.Schema, o data.Options) (*data.Dataset, error) {
	if query, ok := strings.CutPrefix(spec, fromSpark); ok {
		return s.rows(e.ctx, part, query, like, o)
	}
	o.Stdin, o.Progress, o.Lender = e.stdin, e.download(), s.lender
	if s.worker != nil && os.Getenv("EMBER_DATA") == "" {
		o.Cache = s.worker.Scratch // on an executor; empty elsewhere
	}
	if like != nil {
		o = o.Like(like)
	}
	d, err := data.OpenSpread(e.ctx, spec, o, s.member)
	if err == nil && like != nil {
		d, err = d.Conform(like)
	}
	if s.away && errors.Is(err, fs.ErrNotExist) && storage.Scheme(spec) == "file" {
		err = fmt.Errorf("%w; workers open files themselves: name what all of them see, such as an hdfs:// or s3:// URL, or spark:TABLE", err)
	}
	return d, readError(err)
}

// rows is what Spark feeds of a part.
func (s *sources) rows(ctx context.Context, part int, query string, like *data.Schema, o data.Options) (*data.Dataset, error) {
	if !s.read {
		var err error
		if s.fed[trainPart], s.fed[validPart], s.fed[testPart], err = s.worker.Rows(ctx, o); err != nil {
			return nil, readError(err)
		}
		s.read = true
	}
	src := s.fed[part]
	if src == nil {
		return nil, inputError{fmt.Errorf("%s%s: there are no rows", fromSpark, query)}
	}
	d := &data.Dataset{Name: query, Train: src}
	if like == nil {
		return d, nil
	}
	d, err := d.Conform(like)
	return d, readError(err)
}

// sparkOnly is the error for a source that only Spark has; nil for another one.
func sparkOnly(spec string) error {
	if strings.HasPrefix(spec, fromSpark) {
		return usageError{fmt.Errorf("%s: only Spark has that, to train on: ember train … --cluster sc://host:port", spec)}
	}
	return nil
}

// membership is that of a worker in its group.
func membership(ctx context.Context, group *comm.Group, parts int) data.Membership {
	return data.Membership{
		Rank: group.Rank(), Ranks: group.Size(), Parts: parts,
		Exchange: func(message []byte) ([][]byte, error) { return comm.Exchange(ctx, group, message) },
	}
}

// queries are what Spark is to feed.
func (c *trainCmd) queries() (q [3]string) {
	for part, spec := range []string{c.Data, c.Valid, c.Test} {
		q[part], _ = strings.CutPrefix(spec, fromSpark)
		if q[part] == spec {
			q[part] = ""
		}
	}
	return q
}

// virtualWorkers is their number as net file and command line have it; 0: one for
// each worker.
func (c *trainCmd) virtualWorkers(ctx context.Context) (int, error) {
	if c.VirtualWorkers != nil {
		return *c.VirtualWorkers, nil
	}
	root, err := c.source(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := c.set(root, "train"); err != nil {
		return 0, err
	}
	o, err := train.ParseOptions(root.Get("train"))
	return o.VirtualWorkers, err
}

// source is the configuration of the net that WHAT names, without edits; of a
// built-in net, its name.
func (c *trainCmd) source(ctx context.Context) (*config.Node, error) {
	what, err := resolve(ctx, c.What)
	if err != nil {
		return nil, err
	}
	switch {
	case what.model != nil:
		defer what.model.Close()
		return modelSource(c.What, what.model)
	case what.file != nil:
		return what.file, nil
	}
	return config.NewMap(config.Entry{Key: "name", Value: config.NewText(what.builtin)}), nil
}
