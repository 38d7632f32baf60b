package data

import (
	"encoding/json"
	"io"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/tensor"
)

// parquetSchemaKey is where a data set that is written to a Parquet file says what
// columns do not tell: the shape of samples and the order of labels.
const parquetSchemaKey = "ember.schema"

// writeParquet writes samples to a Parquet file: a table's numbers as columns of
// their own, other samples as one column, binary of bytes or lists of numbers;
// labels as text.
func writeParquet(w io.Writer, src Source) error {
	s := src.Schema()
	about, err := json.Marshal(s)
	if err != nil {
		return err
	}
	var b Batch
	from := 0
	return encodeParquet(w, tableSchema(s), func() (*frame.Frame, error) {
		if from == src.Len() {
			return nil, io.EOF
		}
		rows := make([]int, min(256, src.Len()-from))
		for i := range rows {
			rows[i] = from + i
		}
		from += len(rows)
		if err := src.Read(rows, &b); err != nil {
			return nil, err
		}
		return frame.New(tableSchema(s), batchColumns(s, &b)...)
	}, ParquetOptions{Metadata: map[string]string{parquetSchemaKey: string(about)}})
}

// listKinds lists what elements of samples are written as they are.
var listKinds = map[tensor.DType]struct {
	kind   frame.Kind
	column func(*tensor.Tensor) *frame.Column
}{
	tensor.Float32: {frame.Float32, columnOf[float32]},
	tensor.Float64: {frame.Float64, columnOf[float64]},
	tensor.Int8:    {frame.Int8, columnOf[int8]},
	tensor.Int16:   {frame.Int16, columnOf[int16]},
	tensor.Int32:   {frame.Int32, columnOf[int32]},
	tensor.Int64:   {frame.Int64, columnOf[int64]},
}

// columnOf returns a copy of a tensor's values as a column.
func columnOf[T int8 | int16 | int32 | int64 | float32 | float64](t *tensor.Tensor) *frame.Column {
	return frame.Of(append([]T(nil), tensor.Data[T](t)...))
}

// isRow reports whether samples are rows of a table, of which each number has a name.
func isRow(s *Schema) bool { return len(s.Columns) > 0 && len(s.Columns) == s.Sample.Len() }

// tableSchema returns the columns that samples and targets are written as.
func tableSchema(s *Schema) frame.Schema {
	kind := frame.Float32
	if k, ok := listKinds[s.DType]; ok {
		kind = k.kind
	}
	var schema frame.Schema
	switch {
	case isRow(s):
		for _, name := range s.Columns {
			schema = append(schema, frame.Field{Name: name, Type: frame.Type{Kind: kind}})
		}
	case s.DType == tensor.Uint8:
		schema = frame.Schema{{Name: "x", Type: frame.Type{Kind: frame.Binary}}}
	default:
		schema = frame.Schema{{Name: "x", Type: frame.ListOf(kind)}}
	}
	target := frame.Float32
	if s.Target.Kind == Classes {
		target = frame.String
	}
	for _, name := range s.Target.Names {
		schema = append(schema, frame.Field{Name: name, Type: frame.Type{Kind: target}})
	}
	return schema
}

// batchColumns returns the samples and targets of a batch as the columns.
func batchColumns(s *Schema, b *Batch) []*frame.Column {
	n := b.Len()
	x := b.X
	if _, ok := listKinds[x.DType()]; !ok && (x.DType() != tensor.Uint8 || isRow(s)) {
		x = tensor.Cast(x, tensor.Float32)
	}
	var columns []*frame.Column
	switch {
	case isRow(s):
		columns = splitColumns(x)
	case x.DType() == tensor.Uint8:
		size := s.Sample.Len()
		offsets := make([]int32, n+1)
		for i := range offsets {
			offsets[i] = int32(i * size)
		}
		columns = append(columns, frame.Texts(frame.Binary, offsets, append([]byte(nil), x.Bytes()...)))
	default:
		columns = append(columns, frame.FixedLists(s.Sample.Len(), listKinds[x.DType()].column(x)))
	}
	switch s.Target.Kind {
	case Classes:
		columns = append(columns, frame.Strings(tensor.Data[string](labelsOf(s.Target, b.Y))))
	case Numbers:
		columns = append(columns, splitColumns(b.Y.Reshape(n, len(s.Target.Names)))...)
	}
	return columns
}

// splitColumns returns the columns of a matrix.
func splitColumns(t *tensor.Tensor) []*frame.Column {
	columns := make([]*frame.Column, t.Shape()[1])
	for j := range columns {
		columns[j] = listKinds[t.DType()].column(t.Slice(1, j, j+1, 1).Contiguous())
	}
	return columns
}
