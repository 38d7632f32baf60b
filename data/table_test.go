package data_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/tensor"
)

// writeFrames writes frames with the columns of the first to a Parquet file.
func writeFrames(t *testing.T, name string, frames ...*frame.Frame) string {
	t.Helper()
	if err := data.WriteParquet(t.Context(), name, frames[0].Schema(), each(frames...), data.ParquetOptions{GroupBytes: 1}); err != nil {
		t.Fatal(err)
	}
	return name
}

// named is a column with its name.
type named struct {
	name   string
	column *frame.Column
}

func newFrame(t *testing.T, columns ...named) *frame.Frame {
	t.Helper()
	schema, values := make(frame.Schema, len(columns)), make([]*frame.Column, len(columns))
	for i, c := range columns {
		schema[i] = frame.Field{Name: c.name, Type: c.column.Type(), Nullable: c.column.Nulls() > 0}
		values[i] = c.column
	}
	f, err := frame.New(schema, values...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTables(t *testing.T) {
	number, count := named{"a", frame.Of([]float64{0.5, 1, 2})}, named{"n", frame.Of([]int32{1, 2, 3})}
	list := named{"v", frame.FixedLists(2, frame.Of([]float32{1, 2, 3, 4, 5, 6}))}
	doubles := named{"v", frame.FixedLists(2, frame.Of([]float64{1, 2, 3, 4, 5, 6}))}
	bytes := named{"b", frame.Binaries([][]byte{{1, 2, 3, 4}, {5, 6, 7, 8}, {0, 0, 128, 63}})}
	text := named{"label", frame.Strings([]string{"z", "b", "z"})}
	for _, c := range []struct {
		name    string
		columns []named
		o       data.Options
		dtype   tensor.DType
		sample  tensor.Shape
		x       []float64
		target  data.Target
		y       []float64
	}{
		{
			"numbers and text",
			[]named{text, number, count},
			data.Options{},
			tensor.Float32,
			tensor.Shape{2},
			[]float64{0.5, 1, 1, 2, 2, 3},
			data.Target{Kind: data.Classes, Names: []string{"label"}, Labels: []string{"b", "z"}},
			[]float64{1, 0, 1},
		},
		{
			"the last is the target",
			[]named{number, count},
			data.Options{},
			tensor.Float32,
			tensor.Shape{1},
			[]float64{0.5, 1, 2},
			data.Target{Kind: data.Numbers, Names: []string{"n"}},
			[]float64{1, 2, 3},
		},
		{
			"two targets, a type",
			[]named{number, count, {"m", frame.Of([]uint8{7, 8, 9})}},
			data.Options{Target: "n, m", DType: tensor.Float64},
			tensor.Float64,
			tensor.Shape{1},
			[]float64{0.5, 1, 2},
			data.Target{Kind: data.Numbers, Names: []string{"n", "m"}},
			[]float64{1, 7, 2, 8, 3, 9},
		},
		{
			"chosen columns",
			[]named{text, count, number, {"s", frame.Strings([]string{"", "", ""})}},
			data.Options{Columns: []string{"a", "n"}},
			tensor.Float32,
			tensor.Shape{2},
			[]float64{0.5, 1, 1, 2, 2, 3},
			data.Target{Kind: data.Classes, Names: []string{"label"}, Labels: []string{"b", "z"}},
			[]float64{1, 0, 1},
		},
		{
			"a list",
			[]named{list, text},
			data.Options{},
			tensor.Float32,
			tensor.Shape{2},
			[]float64{1, 2, 3, 4, 5, 6},
			data.Target{Kind: data.Classes, Names: []string{"label"}, Labels: []string{"b", "z"}},
			[]float64{1, 0, 1},
		},
		{
			"a list of another type, no target",
			[]named{doubles},
			data.Options{NoTarget: true, DType: tensor.Int32},
			tensor.Int32,
			tensor.Shape{2},
			[]float64{1, 2, 3, 4, 5, 6},
			data.Target{},
			nil,
		},
		{
			"binary",
			[]named{bytes, count},
			data.Options{},
			tensor.Uint8,
			tensor.Shape{4},
			[]float64{1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 128, 63},
			data.Target{Kind: data.Numbers, Names: []string{"n"}},
			[]float64{1, 2, 3},
		},
		{
			"binary floats",
			[]named{{"b", frame.Binaries([][]byte{{0, 0, 128, 63}, {0, 0, 0, 64}, {0, 0, 0, 0}})}, {"y", frame.Bools([]bool{true, false, true})}},
			data.Options{DType: tensor.Float32},
			tensor.Float32,
			tensor.Shape{1},
			[]float64{1, 2, 0},
			data.Target{Kind: data.Classes, Names: []string{"y"}, Labels: []string{"false", "true"}},
			[]float64{1, 0, 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFrame(t, c.columns...)
			name := writeFrames(t, filepath.Join(t.TempDir(), "a.parquet"), f.Slice(0, 1), f.Slice(1, 3))
			src := open(t, name, c.o).Train
			s := src.Schema()
			if s.DType != c.dtype || !slices.Equal(s.Sample, c.sample) || s.Format != "Parquet" {
				t.Errorf("samples %v %v, want %v %v", s.DType, s.Sample, c.dtype, c.sample)
			}
			if s.Target.Kind != c.target.Kind || !slices.Equal(s.Target.Names, c.target.Names) || !slices.Equal(s.Target.Labels, c.target.Labels) {
				t.Errorf("target %+v, want %+v", s.Target, c.target)
			}
			var b data.Batch
			if err := src.Read([]int{2, 0, 1}, &b); err != nil {
				t.Fatal(err)
			}
			order := func(v []float64) []float64 {
				n := len(v) / 3
				return append(slices.Clone(v[2*n:]), v[:2*n]...)
			}
			if got := tensor.Float64s(b.X); !slices.Equal(got, order(c.x)) {
				t.Errorf("x = %v, want %v", got, order(c.x))
			}
			if c.y == nil {
				return
			}
			if got := tensor.Float64s(b.Y); !slices.Equal(got, order(c.y)) {
				t.Errorf("y = %v, want %v", got, order(c.y))
			}
		})
	}
}

func TestTableErrors(t *testing.T) {
	n := named{"n", frame.Of([]int32{1, 2, 3})}
	text := named{"s", frame.Strings([]string{"a", "b", "c"})}
	list := named{"v", frame.Lists([]int32{0, 2, 4, 5}, frame.Of([]float32{1, 2, 3, 4, 5}))}
	valid := []bool{true, true, false}
	for _, c := range []struct {
		want    string
		columns []named
		o       data.Options
	}{
		{"column s is of type string, want numbers", []named{text, n}, data.Options{}},
		{"there is no column t (its columns are s, n)", []named{text, n}, data.Options{Target: "t"}},
		{"no column is left to learn from", []named{n}, data.Options{Target: "n"}},
		{"the target s is of type string (want numbers, or a single", []named{n, {"m", n.column}, text}, data.Options{Target: "m,s"}},
		{"column v is of type array<float>, which makes a whole sample, but there are 2 columns", []named{list, n, {"y", n.column}}, data.Options{}},
		{"column v has 1 values in row 2, 2 in the rows before", []named{list, {"y", n.column}}, data.Options{}},
		{"the value of column n is missing in row 2", []named{{"n", n.column.WithValid(valid)}, {"y", n.column}}, data.Options{}},
		{"the value of column y is missing in row 2", []named{n, {"y", n.column.WithValid(valid)}}, data.Options{}},
		{"the value of column x is NaN in row 1", []named{{"x", frame.Of([]float32{1, float32(math.NaN()), 1})}, n}, data.Options{}},
		{"the value of column v is +Inf in row 2", []named{{"v", frame.FixedLists(1, frame.Of([]float64{1, 2, math.Inf(1)}))}, n}, data.Options{}},
		{"the value of column v is missing in row 2", []named{{"v", frame.FixedLists(1, n.column.WithValid(valid))}, n}, data.Options{}},
		{"column b has 3 bytes in a row, which are no whole number of float32", []named{{"b", frame.Binaries([][]byte{{1, 2, 3}, {1, 2, 3}, {1, 2, 3}})}, n}, data.Options{DType: tensor.Float32}},
	} {
		f := newFrame(t, c.columns...)
		name := writeFrames(t, filepath.Join(t.TempDir(), "a.parquet"), f.Slice(0, 1), f.Slice(1, 3))
		_, err := data.Open(t.Context(), name, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// TestParquetFolder opens part files as Spark writes them.
func TestParquetFolder(t *testing.T) {
	dir := t.TempDir()
	f := newFrame(t, named{"a", frame.Of([]float32{1, 2, 3, 4})}, named{"y", frame.Of([]float32{5, 6, 7, 8})})
	writeFrames(t, filepath.Join(dir, "part-00000.snappy.parquet"), f.Slice(0, 1))
	writeFrames(t, filepath.Join(dir, "part-00001.snappy.parquet"), f.Slice(0, 0))
	writeFrames(t, filepath.Join(dir, "part-00002.snappy.parquet"), f.Slice(1, 3), f.Slice(3, 4))
	for _, name := range []string{"_SUCCESS", ".part-00000.snappy.parquet.crc"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, spec := range []string{dir, filepath.Join(dir, "*.parquet"), filepath.Join(dir, "*")} {
		y, err := data.Targets(open(t, spec, data.Options{}).Train)
		if err != nil || !slices.Equal(tensor.Float64s(y), []float64{5, 6, 7, 8}) {
			t.Errorf("%s: targets %v: %v", spec, y, err)
		}
	}
	writeFrames(t, filepath.Join(dir, "part-00003.parquet"), newFrame(t, named{"b", frame.Of([]float32{1})}))
	_, err := data.Open(t.Context(), dir, data.Options{})
	var format *tensor.FormatError
	if !errors.As(err, &format) || !strings.Contains(err.Error(), "its columns are") {
		t.Errorf("files of two tables: %v", err)
	}
}
