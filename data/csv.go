package data

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/emberml/ember/tensor"
)

// delimiters are those that are recognized; the first that occurs most often in
// the header wins.
const delimiters = ",;\t"

// missing lists how files write that a value is not there.
var missing = []string{"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"}

// openCSV reads a table with a header: numbers, and a target of numbers or text.
// Quoted fields, CRLF, a byte order mark and the delimiters , ; and tab are
// understood.
func openCSV(_ context.Context, f *file, o *Options) (Source, error) {
	t, err := newCSVTable(f, o)
	if err != nil {
		return nil, err
	}
	for {
		record, err := t.reader.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, t.explain(err)
		}
		if err := t.add(record); err != nil {
			return nil, err
		}
	}
	return t.source(o)
}

// csvTable is a table while it is read.
type csvTable struct {
	file     string
	reader   *csv.Reader
	header   []string
	features []int // columns
	targets  []int // columns
	rows     int
	x        []float64
	y        []float64
	text     []string // of the target, if there is one
	notText  bool     // several targets, or the model wants numbers
	isText   bool     // a value was not a number
}

func newCSVTable(f *file, o *Options) (*csvTable, error) {
	body, err := gunzip(f.bytes, f.name)
	if err != nil {
		return nil, err
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if bytes.HasPrefix(body, []byte{0xff, 0xfe}) || bytes.HasPrefix(body, []byte{0xfe, 0xff}) {
		return nil, &tensor.FormatError{File: f.name, Detail: "the text is UTF-16", Hint: "save it as UTF-8"}
	}
	line, _, _ := bytes.Cut(body, []byte("\n"))
	t := &csvTable{file: f.name, reader: csv.NewReader(bytes.NewReader(body))}
	t.reader.ReuseRecord = true
	t.reader.FieldsPerRecord = -1
	t.reader.TrimLeadingSpace = true
	t.reader.Comma = detectDelimiter(line)
	header, err := t.reader.Read()
	if err == io.EOF {
		return nil, &tensor.FormatError{File: f.name, Detail: "the file is empty", Hint: "want a header and rows"}
	}
	if err != nil {
		return nil, t.explain(err)
	}
	t.header = slices.Clone(header)
	if err := t.checkHeader(); err != nil {
		return nil, err
	}
	return t, t.choose(o)
}

func detectDelimiter(header []byte) rune {
	best, most := rune(delimiters[0]), 0
	for _, d := range delimiters {
		n, quoted := 0, false
		for _, c := range string(header) {
			if c == '"' {
				quoted = !quoted
			}
			if c == d && !quoted {
				n++
			}
		}
		if n > most {
			best, most = d, n
		}
	}
	return best
}

func (t *csvTable) checkHeader() error {
	numbers := 0
	for i, name := range t.header {
		t.header[i] = strings.TrimSpace(name)
		switch {
		case t.header[i] == "":
			return &tensor.FormatError{File: t.file, Line: 1, Detail: fmt.Sprintf("column %d has no name", i+1), Hint: "name it or remove it; pandas writes its index so: to_csv(index=False)"}
		case slices.Contains(t.header[:i], t.header[i]):
			return &tensor.FormatError{File: t.file, Line: 1, Detail: fmt.Sprintf("two columns are called %s", t.header[i]), Hint: "rename one"}
		}
		if _, err := strconv.ParseFloat(t.header[i], 64); err == nil {
			numbers++
		}
	}
	if numbers == len(t.header) {
		return &tensor.FormatError{File: t.file, Line: 1, Detail: "the first line holds numbers, not the columns' names", Hint: "put a line with names before it"}
	}
	return nil
}

// choose decides which columns are targets and which are features.
func (t *csvTable) choose(o *Options) error {
	var e *tensor.FormatError
	if t.features, t.targets, e = pickColumns(t.header, o); e != nil {
		e.File, e.Line = t.file, 1
		return e
	}
	t.notText = len(t.targets) != 1
	return nil
}

// add parses a row.
func (t *csvTable) add(record []string) error {
	if len(record) != len(t.header) {
		line, _ := t.reader.FieldPos(0)
		return &tensor.FormatError{File: t.file, Line: line, Detail: fmt.Sprintf("%d fields, the header has %d", len(record), len(t.header)), Hint: "a field with the delimiter in it needs quotes"}
	}
	for _, c := range t.features {
		v, ok := parseNumber(record[c])
		if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			return t.notNumber(record[c], c)
		}
		t.x = append(t.x, v)
	}
	for _, c := range t.targets {
		v, ok := parseNumber(record[c])
		if slices.Contains(missing, strings.TrimSpace(record[c])) || (!ok && t.notText) {
			return t.notNumber(record[c], c)
		}
		t.isText = t.isText || !ok
		t.y = append(t.y, v)
		if !t.notText {
			t.text = append(t.text, strings.Clone(strings.TrimSpace(record[c])))
		}
	}
	t.rows++
	return nil
}

func parseNumber(field string) (v float64, ok bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
	return v, err == nil
}

func (t *csvTable) notNumber(field string, column int) error {
	line, at := t.reader.FieldPos(column)
	e := &tensor.FormatError{File: t.file, Line: line, Column: at}
	if field = strings.TrimSpace(field); slices.Contains(missing, field) {
		e.Detail = fmt.Sprintf("the value of column %s is missing", t.header[column])
		e.Hint = "fill it in, or remove the row or the column"
		return e
	}
	e.Detail = fmt.Sprintf("column %s holds the text %q, want a number", t.header[column], field)
	e.Hint = "encode it as numbers or remove it; only a target can be text: --target " + t.header[column]
	return e
}

// explain gives the file's name to an error of the CSV reader.
func (t *csvTable) explain(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return &tensor.FormatError{File: t.file, Line: parse.Line, Column: parse.Column, Detail: parse.Err.Error(), Hint: `a quoted field ends with ", and a " inside it is doubled`}
	}
	return fmt.Errorf("read %s: %w", t.file, err)
}

func (t *csvTable) source(o *Options) (Source, error) {
	schema := Schema{Name: t.file, Format: "CSV"}
	for _, c := range t.features {
		schema.Columns = append(schema.Columns, t.header[c])
	}
	dt := o.DType
	if dt == tensor.Invalid {
		dt = tensor.Float32
	}
	x := tensor.Cast(tensor.Of(t.x, t.rows, len(t.features)), dt)
	if len(t.targets) == 0 {
		return FromTensors(schema, x, nil)
	}
	for _, c := range t.targets {
		schema.Target.Names = append(schema.Target.Names, t.header[c])
	}
	if t.isText {
		return FromTensors(schema, x, tensor.Of(t.text, t.rows))
	}
	return FromTensors(schema, x, tensor.Of(t.y, t.rows, len(t.targets)))
}
