package data

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// Copy writes all samples of src to a file in the format of its name: .npz (arrays
// x and y), .csv or .tsv (with a header), .parquet, or IDX (…-images-idx3-ubyte, optionally
// with .gz, and the labels beside it). Classes are written as labels where the
// format holds text, else as their indices. A name of no such format is an
// [errors.ErrUnsupported].
func Copy(ctx context.Context, src Source, name string) error {
	base, gz := strings.CutSuffix(storage.Base(name), ".gz")
	if idxNames.MatchString(base) {
		return copyIDX(ctx, src, name, gz)
	}
	write := writers[path.Ext(base)]
	if write == nil || gz && path.Ext(base) == parquetExtension {
		return &unwritable{name}
	}
	return create(ctx, name, gz, func(w io.Writer) error { return write(w, src) })
}

// unwritable says that a name tells no format that can be written.
type unwritable struct{ name string }

func (e *unwritable) Error() string {
	return e.name + ": the format to write does not follow from the name: want .npz, .csv, .tsv, .parquet or …-images-idx3-ubyte"
}

func (e *unwritable) Is(target error) bool { return target == errors.ErrUnsupported }

// writers lists the formats of one file by extension.
var writers = map[string]func(io.Writer, Source) error{
	".npz":           writeNPZ,
	".csv":           writeCSV(','),
	".tsv":           writeCSV('\t'),
	parquetExtension: writeParquet,
}

// create writes a file, gzipped if gz.
func create(ctx context.Context, name string, gz bool, write func(io.Writer) error) error {
	return storage.Write(ctx, name, 0, func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 1<<16)
		if !gz {
			return firstError(write(buffered), buffered.Flush)
		}
		z := gzip.NewWriter(buffered)
		return firstError(firstError(write(z), z.Close), buffered.Flush)
	})
}

func firstError(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}

// readAll reads all samples.
func readAll(src Source) (*Batch, error) {
	rows := make([]int, src.Len())
	for i := range rows {
		rows[i] = i
	}
	var b Batch
	return &b, src.Read(rows, &b)
}

func writeNPZ(w io.Writer, src Source) error {
	b, err := readAll(src)
	if err != nil {
		return err
	}
	names, arrays := []string{"x"}, map[string]*tensor.Tensor{"x": b.X}
	if b.Y != nil {
		names, arrays["y"] = append(names, "y"), b.Y
		if t := src.Schema().Target; t.Kind == Classes && !areIndices(t.Labels) {
			arrays["y"] = labelsOf(t, b.Y)
		}
	}
	return tensor.WriteNPZ(w, names, arrays)
}

// areIndices reports whether the labels are 0, 1, 2….
func areIndices(labels []string) bool {
	for i, l := range labels {
		if l != strconv.Itoa(i) {
			return false
		}
	}
	return true
}

func labelsOf(t Target, y *tensor.Tensor) *tensor.Tensor {
	text := make([]string, y.Len())
	for i, c := range tensor.Data[int64](y) {
		text[i] = t.Labels[c]
	}
	return tensor.Of(text, len(text))
}

// copyIDX writes samples and targets to two files; both or none.
func copyIDX(ctx context.Context, src Source, name string, gz bool) error {
	b, err := readAll(src)
	if err != nil {
		return err
	}
	images, labels, _ := idxSiblings(name, b.X.Rank())
	if b.Y != nil {
		y := b.Y
		if src.Schema().Target.Kind == Classes && len(src.Schema().Target.Labels) <= 256 {
			y = tensor.Cast(y, tensor.Uint8)
		}
		if err := create(ctx, labels[0], gz, func(w io.Writer) error { return EncodeIDX(w, y) }); err != nil {
			return err
		}
	}
	err = create(ctx, images[0], gz, func(w io.Writer) error { return EncodeIDX(w, b.X) })
	if err != nil && b.Y != nil {
		storage.Remove(ctx, labels[0]) // no half of a pair stays; err is the one to report
	}
	return err
}

// writeCSV returns a writer of tables with the given delimiter.
func writeCSV(delimiter rune) func(io.Writer, Source) error {
	return func(w io.Writer, src Source) error {
		s := src.Schema()
		out := csv.NewWriter(w)
		out.Comma = delimiter
		if err := out.Write(csvHeader(s)); err != nil {
			return err
		}
		var b Batch
		for from := 0; from < src.Len(); from += 256 {
			rows := make([]int, min(256, src.Len()-from))
			for i := range rows {
				rows[i] = from + i
			}
			if err := src.Read(rows, &b); err != nil {
				return err
			}
			if err := out.WriteAll(csvRecords(s, &b)); err != nil {
				return err
			}
		}
		out.Flush()
		return out.Error()
	}
}

func csvHeader(s *Schema) []string {
	header := s.Columns[:len(s.Columns):len(s.Columns)]
	for i := len(header); i < s.Sample.Len(); i++ {
		header = append(header, fmt.Sprintf("x_%d", i+1))
	}
	return append(header, s.Target.Names...)
}

func csvRecords(s *Schema, b *Batch) [][]string {
	x := tensor.Data[string](tensor.Cast(b.X, tensor.String))
	var y []string
	switch s.Target.Kind {
	case Classes:
		y = tensor.Data[string](labelsOf(s.Target, b.Y))
	case Numbers:
		y = tensor.Data[string](tensor.Cast(b.Y, tensor.String))
	}
	records := make([][]string, b.Len())
	width, targets := s.Sample.Len(), len(s.Target.Names)
	for i := range records {
		records[i] = append(records[i], x[i*width:(i+1)*width]...)
		records[i] = append(records[i], y[i*targets:(i+1)*targets]...)
	}
	return records
}
