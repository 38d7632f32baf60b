package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/feature"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/storage"
)

type predictCmd struct {
	Model string `arg:"" placeholder:"M" help:"The model, an ONNX file that Ember wrote."`
	Data  string `required:"" group:"data" placeholder:"D" help:"Data to predict for, or one image; of a set that has a test part, such as mnist, that part."`
	Limit int    `group:"data" placeholder:"N" help:"Predict for the first N samples only."`
	computing
	Out  string `short:"o" group:"output" placeholder:"D" help:"File to write: .csv, .tsv, .json (a line a row) or .npz; without it, CSV goes to standard output."`
	Draw bool   `group:"output" help:"Draw the images in the terminal with what was predicted: green if right, red if wrong."`
}

// Help is shown by ember predict --help.
func (predictCmd) Help() string {
	return `
Examples:

  ember predict lenet.onnx --data digit.png
  ember predict lenet.onnx --data mnist --limit 10 --draw
  ember predict model.onnx --data new.csv --out predictions.csv
  cat new.csv | ember predict model.onnx --data -

A row has the columns of the data, if it is a table, then predict, then the probability of each class in p_<class>; a model of
several numbers has predict_<name> for each. Rows keep their order and are written as they come, so that data of any size takes
little memory; an .npz file is the exception, with the arrays predict and probabilities.
` + sourceHelp
}

// Run predicts and writes, or draws.
func (c *predictCmd) Run(e *env) error {
	if c.Limit < 0 {
		return usageError{fmt.Errorf("--limit %d: want 1 or more", c.Limit)}
	}
	create, err := writerFor(c.Out)
	if err != nil {
		return err
	}
	s, err := openScoring(e, c.Model, c.Data, "", &c.computing)
	if err != nil {
		return err
	}
	defer s.Close()
	if s.src.Len() == 0 {
		return &data.ContentError{Source: s.src.Schema().Name, Detail: "there are no samples to predict for", Hint: "give a file that holds some"}
	}
	if s.dataset.Test != nil {
		e.notef("%s has a test part, which is predicted", c.Data)
	}
	n := s.src.Len()
	if c.Limit > 0 {
		n = min(n, c.Limit)
	}
	if c.Draw {
		g, err := newGallery(e, s.src.Schema())
		if err != nil {
			return err
		}
		if c.Out == "" {
			if err := s.predict(e.ctx, n, g.add); err != nil {
				return err
			}
			return g.close()
		}
		defer g.close()
		inner := create
		create = func(w io.Writer, t *table) rows { return drawn{inner(w, t), g} }
	}
	write := func(w io.Writer) error {
		out := create(w, newTable(s.src.Schema(), s.model))
		if err := s.predict(e.ctx, n, out.add); err != nil {
			return err
		}
		return out.close()
	}
	if c.Out == "" {
		return write(e.stdout)
	}
	if err := storage.Write(e.ctx, c.Out, 0, write); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stderr, "saved %s: %d rows\n", c.Out, n)
	return err
}

// predictBatch is how many samples are predicted at a time.
const predictBatch = 64

// predict calls do with the predictions for the first n samples, batch by batch.
func (s *scoring) predict(ctx context.Context, n int, do func(b *data.Batch, p *model.Prediction) error) error {
	src := s.src
	if n < src.Len() {
		rows := make([]int, n)
		for i := range rows {
			rows[i] = i
		}
		var err error
		if src, err = data.Subset(src, rows); err != nil {
			return err
		}
	}
	batches, err := feature.NewBatches(ctx, src, s.model.Pipeline, feature.BatchOptions{Size: predictBatch})
	if err != nil {
		return err
	}
	defer batches.Close()
	for {
		b, err := batches.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p, err := s.predictor.Predict(b.X)
		if err != nil {
			return err
		}
		if err := do(b, p); err != nil {
			return err
		}
	}
}

// writerFor is what writes rows in the format of a file's name; CSV without one.
func writerFor(name string) (func(io.Writer, *table) rows, error) {
	if name == "" {
		return newCSVRows(','), nil
	}
	if create := rowFormats[strings.ToLower(path.Ext(storage.Base(name)))]; create != nil {
		return create, nil
	}
	var known []string
	for ext := range rowFormats {
		known = append(known, ext)
	}
	slices.Sort(known)
	return nil, usageError{fmt.Errorf("--out %s: the format does not follow from the name: want one of %s", name, strings.Join(known, ", "))}
}
