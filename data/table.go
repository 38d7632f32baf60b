package data

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/tensor"
)

// rows are rows of frames, wherever they lie. They are safe for concurrent use.
type rows interface {
	// Len returns the number of rows.
	Len() int
	// At returns the frame that holds a row, 0…Len()-1, and its place in it.
	At(row int) (f *frame.Frame, i int, err error)
}

// table maps the columns of frames to samples and targets: numbers are the row that
// is a sample, or else a single list or binary is. It is made of a schema, which is
// checked before any row is read (newTable); sees all rows once, in their order,
// checks them and keeps their targets (add); settles with the other workers what the
// schema does not say (agree); and gives the source of the rows, which may lie
// anywhere (source).
type table struct {
	schema   Schema
	columns  frame.Schema
	features []int
	target   []int // columns
	sample   form
	length   int       // of the lists or binaries; -1 before the first
	rows     int       // that were added
	y        []float32 // of targets that are numbers, row after row
	codes    []int64   // of a target that is text: places in texts
	texts    []string  // in the order in which they came
	code     map[string]int64
}

// form is where the numbers of a sample are.
type form uint8

const (
	formNumbers form = iota // a column each
	formList                // the elements of a list
	formBytes               // the bytes of a binary, as they lie in memory
)

// newTable says how frames with the given columns are read. What does not fit is a
// *tensor.FormatError or a *ContentError.
func newTable(name, format string, columns frame.Schema, o *Options) (*table, error) {
	t := &table{columns: columns, length: -1, code: map[string]int64{}}
	t.schema = Schema{Name: name, Format: format, DType: o.DType}
	var e *tensor.FormatError
	if t.features, t.target, e = pickColumns(columns.Names(), o); e != nil {
		e.File = name
		return nil, e
	}
	if err := t.setSample(); err != nil {
		return nil, err
	}
	return t, t.setTarget()
}

// isScalar reports whether a value of the kind is a number, or stands for one.
func isScalar(k frame.Kind) bool {
	switch k {
	case frame.Bool, frame.Date, frame.Timestamp, frame.TimestampNTZ, frame.Decimal:
		return true
	}
	return k.IsNumber()
}

// setSample decides what of a row is the sample.
func (t *table) setSample() error {
	dt := tensor.Float32
	for _, c := range t.features {
		f := t.columns[c]
		switch k := f.Type.Kind; {
		case isScalar(k):
			t.schema.Columns = append(t.schema.Columns, f.Name)
			continue
		case k == frame.Binary:
			t.sample, dt = formBytes, tensor.Uint8
		case k == frame.List && isScalar(f.Type.Elem.Kind):
			t.sample = formList
		default:
			return t.content(fmt.Sprintf("column %s is of type %v, want numbers, a list of numbers or binary", f.Name, f.Type),
				"encode it as numbers or leave it out; only a target can be text: --target "+f.Name)
		}
		if len(t.features) > 1 {
			return t.content(fmt.Sprintf("column %s is of type %v, which makes a whole sample, but there are %d columns", f.Name, f.Type, len(t.features)), "name the one to learn from, and the target")
		}
	}
	if t.schema.DType == tensor.Invalid {
		t.schema.DType = dt
	}
	if t.sample == formBytes && t.schema.DType == tensor.Uint8 {
		t.schema.Max = 255
	}
	if t.schema.DType == tensor.String {
		return t.content("samples cannot be text", "choose a type of numbers")
	}
	return nil
}

func (t *table) setTarget() error {
	for _, c := range t.target {
		f := t.columns[c]
		t.schema.Target.Names = append(t.schema.Target.Names, f.Name)
		text := f.Type.Kind == frame.String || f.Type.Kind == frame.Bool
		switch {
		case text && len(t.target) == 1:
			t.schema.Target.Kind = Classes
		case isScalar(f.Type.Kind):
			t.schema.Target.Kind = Numbers
		default:
			return t.content(fmt.Sprintf("the target %s is of type %v", f.Name, f.Type), "want numbers, or a single column of text")
		}
	}
	return nil
}

func (t *table) content(detail, hint string) error { return &ContentError{t.schema.Name, detail, hint} }

// state is what workers have to know of one another's rows.
type state struct {
	Length int      `json:"length"` // -1: no rows
	Texts  []string `json:"texts,omitempty"`
}

// agree settles with the other workers how long samples are and which labels there
// are. exchange is as that of a [Spread].
func (t *table) agree(exchange func([]byte) ([][]byte, error)) error {
	msg, err := json.Marshal(state{t.length, t.texts})
	if err != nil {
		return err
	}
	all, err := exchange(msg)
	if err != nil {
		return fmt.Errorf("%s: agree on the samples: %w", t.schema.Name, err)
	}
	for rank, msg := range all {
		var s state
		if err := json.Unmarshal(msg, &s); err != nil {
			return fmt.Errorf("%s: what worker %d says of its samples: %w", t.schema.Name, rank, err)
		}
		if t.length < 0 {
			t.length = s.Length
		}
		if s.Length >= 0 && s.Length != t.length {
			return t.content(fmt.Sprintf("samples of %d and of %d values, on worker %d", t.length, s.Length, rank), "make all of one length")
		}
		for _, text := range s.Texts {
			t.textCode(text)
		}
	}
	return nil
}

// like takes over from the schema of the data set that the table was written from
// what columns do not tell: the samples' shape and the order of the labels.
func (t *table) like(s *Schema) {
	if s == nil || s.DType != t.schema.DType || t.sample == formNumbers {
		return
	}
	outside := func(d int) bool { return d < 1 || d > t.width() } // a file may say anything
	if slices.ContainsFunc(s.Sample, outside) || s.Sample.Len() != t.width() {
		return
	}
	t.schema.Sample, t.schema.Layout, t.schema.Max = s.Sample, s.Layout, s.Max
	if s.Target.Kind == Classes && slices.Equal(s.Target.Names, t.schema.Target.Names) {
		t.schema.Target.Labels = s.Target.Labels
	}
}

// width returns how many numbers a sample has.
func (t *table) width() int {
	switch t.sample {
	case formNumbers:
		return len(t.features)
	case formBytes:
		return max(t.length, 0) / t.schema.DType.Size()
	}
	return max(t.length, 0)
}

// source returns the samples of the rows that were added, which r holds.
func (t *table) source(r rows) (Source, error) {
	if r.Len() != t.rows {
		return nil, fmt.Errorf("%s: %d rows, of which %d were looked at", t.schema.Name, r.Len(), t.rows)
	}
	s := &tableSource{table: t, rows: r}
	if t.schema.Sample == nil {
		t.schema.Sample = tensor.Shape{t.width()}
	}
	switch t.schema.Target.Kind {
	case Numbers:
		shape := tensor.Shape{t.rows}
		if k := len(t.target); k > 1 {
			shape = append(shape, k)
		}
		s.y = tensor.Of(t.y, shape...)
	case Classes:
		s.y = t.encode()
	}
	return s, nil
}

// encode returns the targets as places among the labels: those that were taken over,
// if they are all that occur.
func (t *table) encode() *tensor.Tensor {
	labels := t.schema.Target.Labels
	for _, text := range t.texts {
		if !slices.Contains(labels, text) {
			labels = nil
			break
		}
	}
	if labels == nil {
		labels = distinct(t.texts)
	}
	place := make(map[string]int64, len(labels))
	for i, l := range labels {
		place[l] = int64(i)
	}
	for i, c := range t.codes {
		t.codes[i] = place[t.texts[c]]
	}
	t.schema.Target.Labels = labels
	return tensor.Of(t.codes, len(t.codes))
}

// tableSource is a table's samples.
type tableSource struct {
	table *table
	rows  rows
	y     *tensor.Tensor
}

func (s *tableSource) Schema() *Schema { return &s.table.schema }
func (s *tableSource) Len() int        { return s.rows.Len() }

// Target fills b.Y and b.Index without reading the rows.
func (s *tableSource) Target(rows []int, b *Batch) error {
	if err := checkRows(s.table.schema.Name, rows, s.Len()); err != nil {
		return err
	}
	b.SetIndex(rows)
	b.setTarget(s.y, rows)
	return nil
}

func (s *tableSource) Read(rows []int, b *Batch) error {
	if err := s.Target(rows, b); err != nil {
		return err
	}
	t := s.table
	x := b.MakeX(t.schema.DType, len(rows), t.schema.Sample)
	switch {
	case t.sample == formBytes:
		return s.readBytes(rows, x.Bytes())
	case t.schema.DType == tensor.Float32:
		return readNumbers(s, rows, tensor.Data[float32](x))
	}
	wide := tensor.New(tensor.Float64, x.Shape()...)
	err := readNumbers(s, rows, tensor.Data[float64](wide))
	copy(x.Bytes(), tensor.Cast(wide, t.schema.DType).Bytes())
	return err
}

func (s *tableSource) readBytes(rows []int, out []byte) error {
	column := s.table.features[0]
	for _, r := range rows {
		f, i, err := s.rows.At(r)
		if err != nil {
			return err
		}
		out = out[copy(out, f.Column(column).Bytes(i)):]
	}
	return nil
}

// readNumbers writes the samples of the rows to out, one after another.
func readNumbers[T float32 | float64](s *tableSource, rows []int, out []T) error {
	for _, r := range rows {
		f, i, err := s.rows.At(r)
		if err != nil {
			return err
		}
		if s.table.sample == formList {
			out = out[readList(f.Column(s.table.features[0]), i, out):]
			continue
		}
		for j, c := range s.table.features {
			out[j] = T(f.Column(c).Float64(i))
		}
		out = out[len(s.table.features):]
	}
	return nil
}

// readList writes the list in row i to out, and returns its length.
func readList[T float32 | float64](c *frame.Column, i int, out []T) int {
	lo, hi := c.List(i)
	switch elem := c.Elem(); elem.Type().Kind {
	case frame.Float32:
		convert(out, frame.Values[float32](elem)[lo:hi])
	case frame.Float64:
		convert(out, frame.Values[float64](elem)[lo:hi])
	default:
		for j := lo; j < hi; j++ {
			out[j-lo] = T(elem.Float64(j))
		}
	}
	return hi - lo
}

func convert[T, U float32 | float64](out []T, in []U) {
	for i, v := range in {
		out[i] = T(v)
	}
}
