package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/tensor"
)

// rows takes predictions, batch by batch in the order of the data.
type rows interface {
	add(b *data.Batch, p *model.Prediction) error
	close() error
}

// rowFormats are the formats that predictions are written in, by extension.
var rowFormats = map[string]func(io.Writer, *table) rows{
	".csv":   newCSVRows(','),
	".tsv":   newCSVRows('\t'),
	".json":  newJSONRows,
	".jsonl": newJSONRows,
	".npz":   newNPZRows,
}

// table is the columns of rows with predictions: those of the data and its
// target, where it is a table, and what the model says.
type table struct {
	header []string
	inputs int // columns of the data
	target data.Target
	labels []string // of the classes; nil for numbers
}

func newTable(s *data.Schema, m *model.Model) *table {
	t := &table{inputs: len(s.Columns), labels: m.Labels()}
	t.header = append(t.header, s.Columns...)
	if s.Columns != nil && s.Target.Kind != data.NoTarget {
		t.target = s.Target
		t.header = append(t.header, s.Target.Names...)
	}
	return t
}

// cell is a value of a row: a number as text, or text.
type cell struct {
	text   string
	number bool
}

// complete names the columns of the predictions, whose number is known with the
// first of them.
func (t *table) complete(p *model.Prediction) []string {
	header := t.header
	if p.Probabilities != nil {
		header = append(header, "predict")
		for _, l := range t.labels {
			header = append(header, "p_"+l)
		}
		return header
	}
	width := p.Values.Len() / max(p.Values.Shape()[0], 1)
	if width == 1 {
		return append(header, "predict")
	}
	for i := range width {
		name := strconv.Itoa(i + 1)
		if len(t.target.Names) == width {
			name = t.target.Names[i]
		}
		header = append(header, "predict_"+name)
	}
	return header
}

// rows are the cells of a batch.
func (t *table) rows(b *data.Batch, p *model.Prediction) [][]cell {
	n := b.Len()
	out := make([][]cell, n)
	appendNumbers := func(values *tensor.Tensor) {
		text := tensor.Data[string](tensor.Cast(values, tensor.String).Contiguous())
		width := len(text) / n
		for i := range out {
			for _, v := range text[i*width : (i+1)*width] {
				out[i] = append(out[i], cell{v, true})
			}
		}
	}
	if t.inputs > 0 {
		appendNumbers(b.X)
	}
	switch t.target.Kind {
	case data.Classes:
		for i, c := range tensor.Ints(b.Y) {
			out[i] = append(out[i], label(t.target.Labels[c]))
		}
	case data.Numbers:
		appendNumbers(b.Y)
	}
	if p.Probabilities == nil {
		appendNumbers(p.Values)
		return out
	}
	for i, l := range p.Labels {
		out[i] = append(out[i], label(l))
	}
	appendNumbers(p.Probabilities)
	return out
}

// label is a class; one that is a number is written as that.
func label(text string) cell {
	_, err := strconv.ParseInt(text, 10, 64)
	return cell{text, err == nil}
}

// csvRows writes a header and a line a row.
type csvRows struct {
	*table
	w     *csv.Writer
	begun bool
}

func newCSVRows(comma rune) func(io.Writer, *table) rows {
	return func(w io.Writer, t *table) rows {
		c := &csvRows{table: t, w: csv.NewWriter(w)}
		c.w.Comma = comma
		return c
	}
}

func (c *csvRows) add(b *data.Batch, p *model.Prediction) error {
	if !c.begun {
		c.begun = true
		if err := c.w.Write(c.complete(p)); err != nil {
			return err
		}
	}
	for _, row := range c.table.rows(b, p) {
		record := make([]string, len(row))
		for i, cell := range row {
			record[i] = cell.text
		}
		if err := c.w.Write(record); err != nil {
			return err
		}
	}
	c.w.Flush()
	return c.w.Error()
}

func (c *csvRows) close() error { return c.w.Error() }

// jsonRows writes an object a line, its keys in the order of the columns.
type jsonRows struct {
	*table
	w      *bufio.Writer
	header []string
}

func newJSONRows(w io.Writer, t *table) rows { return &jsonRows{table: t, w: bufio.NewWriter(w)} }

func (j *jsonRows) add(b *data.Batch, p *model.Prediction) error {
	if j.header == nil {
		j.header = j.complete(p)
	}
	for _, row := range j.table.rows(b, p) {
		for i, cell := range row {
			key, err := json.Marshal(j.header[i])
			if err != nil {
				return err
			}
			separator := ","
			if i == 0 {
				separator = "{"
			}
			fmt.Fprintf(j.w, "%s%s:%s", separator, key, cell.json())
		}
		j.w.WriteString("}\n")
	}
	return j.w.Flush()
}

func (j *jsonRows) close() error { return nil }

// json is the value in JSON, which has no NaN and no infinity.
func (c cell) json() string {
	if c.number {
		if v, err := strconv.ParseFloat(c.text, 64); err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return "null"
		}
		return c.text
	}
	text, err := json.Marshal(c.text)
	if err != nil {
		return "null" // a string always has a form
	}
	return string(text)
}

// npzRows gathers the predictions into arrays.
type npzRows struct {
	w             io.Writer
	labels        []string
	values        []*tensor.Tensor // predicted numbers
	predicted     []string         // predicted classes
	probabilities []*tensor.Tensor
}

func newNPZRows(w io.Writer, t *table) rows { return &npzRows{w: w, labels: t.labels} }

func (z *npzRows) add(_ *data.Batch, p *model.Prediction) error {
	if p.Probabilities == nil {
		z.values = append(z.values, p.Values)
		return nil
	}
	z.predicted = append(z.predicted, p.Labels...)
	z.probabilities = append(z.probabilities, p.Probabilities)
	return nil
}

func (z *npzRows) close() error {
	if z.probabilities == nil {
		return tensor.WriteNPZ(z.w, []string{"predict"}, map[string]*tensor.Tensor{"predict": tensor.Concat(0, z.values...)})
	}
	return tensor.WriteNPZ(z.w, []string{"predict", "probabilities"}, map[string]*tensor.Tensor{
		"predict": labelArray(z.predicted), "probabilities": tensor.Concat(0, z.probabilities...),
	})
}

// labelArray is labels as whole numbers where all are, else as text.
func labelArray(labels []string) *tensor.Tensor {
	numbers := make([]int64, len(labels))
	for i, l := range labels {
		n, err := strconv.ParseInt(l, 10, 64)
		if err != nil {
			return tensor.Of(labels, len(labels))
		}
		numbers[i] = n
	}
	return tensor.Of(numbers, len(numbers))
}
