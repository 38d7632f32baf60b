package data_test

import (
	"io"
	"math"
	"path/filepath"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/frame"
)

// allKinds returns a frame with a column of every kind that Parquet files hold, once
// without nulls and once with some.
func allKinds(t testing.TB) *frame.Frame {
	t.Helper()
	columns := []*frame.Column{
		frame.Bools([]bool{true, false, true, true}),
		frame.Of([]int8{-128, 0, 127, 1}),
		frame.Of([]int16{math.MinInt16, 0, 1, math.MaxInt16}),
		frame.Of([]int32{math.MinInt32, 0, 1, math.MaxInt32}),
		frame.Of([]int64{math.MinInt64, 0, 1, math.MaxInt64}),
		frame.Of([]uint8{0, 1, 2, 255}),
		frame.Of([]uint16{0, 1, 2, math.MaxUint16}),
		frame.Of([]uint32{0, 1, 2, math.MaxUint32}),
		frame.Of([]uint64{0, 1, 2, math.MaxUint64}),
		frame.Of([]float32{-1.5, 0, 1e-40, math.MaxFloat32}),
		frame.Of([]float64{0.1, 0, -1, math.MaxFloat64}),
		frame.Strings([]string{"a", "", "größer", "a"}),
		frame.Binaries([][]byte{{0, 1}, {}, {255}, {2}}),
		frame.Of([]int32{-1, 0, 20_000, 1}).As(frame.Date),
		frame.Of([]int64{-1, 0, 1_700_000_000_123_456, 1}).As(frame.Timestamp),
		frame.Of([]int64{-1, 0, 1_700_000_000_123_456, 1}).As(frame.TimestampNTZ),
		frame.Decimals(38, 3, []int64{-1, 0, 5, 0}, []uint64{math.MaxUint64 - 12344, 0, 7, 1999}),
		frame.Lists([]int32{0, 2, 2, 5, 6}, frame.Of([]float32{1, 2, 3, 4, 5, 6})),
		frame.Lists([]int32{0, 2, 2, 3, 3}, frame.Of([]int64{1, 2, 3}).WithValid([]bool{true, false, true})),
		frame.Lists([]int32{0, 0, 1, 2, 3}, frame.Strings([]string{"x", "y", "z"})),
	}
	var schema frame.Schema
	for i, c := range columns {
		schema = append(schema, frame.Field{Name: "r" + string(rune('z'-i)), Type: c.Type()})
	}
	for i, c := range columns[:len(columns):len(columns)] {
		columns = append(columns, c.WithValid([]bool{true, false, i%2 == 0, true}))
		schema = append(schema, frame.Field{Name: "n" + string(rune('a'+i)), Type: c.Type(), Nullable: true})
	}
	f, err := frame.New(schema, columns...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// each returns a function that gives the frames one after another.
func each(frames ...*frame.Frame) func() (*frame.Frame, error) {
	return func() (*frame.Frame, error) {
		if len(frames) == 0 {
			return nil, io.EOF
		}
		f := frames[0]
		frames = frames[1:]
		return f, nil
	}
}

// sameFrame reports where two frames differ.
func sameFrame(t *testing.T, got, want *frame.Frame) {
	t.Helper()
	if !got.Schema().Equal(want.Schema()) || got.Rows() != want.Rows() {
		t.Fatalf("%d rows of %v, want %d of %v", got.Rows(), got.Schema(), want.Rows(), want.Schema())
	}
	for i, f := range want.Schema() {
		sameColumn(t, f.Name, got.Column(i), want.Column(i))
	}
}

func sameColumn(t *testing.T, name string, got, want *frame.Column) {
	t.Helper()
	for i := range want.Len() {
		if got.Null(i) != want.Null(i) || got.String(i) != want.String(i) {
			t.Errorf("%s: row %d is %q (null: %v), want %q (%v)", name, i, got.String(i), got.Null(i), want.String(i), want.Null(i))
		}
		if want.Type().Kind != frame.List || want.Null(i) {
			continue
		}
		g, w := got.Elem().Slice(got.List(i)), want.Elem().Slice(want.List(i))
		if g.Len() != w.Len() {
			t.Errorf("%s: row %d has %d elements, want %d", name, i, g.Len(), w.Len())
			continue
		}
		sameColumn(t, name+"[]", g, w)
	}
}

func TestParquetRoundTrip(t *testing.T) {
	f := allKinds(t)
	name := filepath.Join(t.TempDir(), "a.parquet")
	err := data.WriteParquet(t.Context(), name, f.Schema(), each(f, f.Slice(1, 3), f.Slice(2, 2), f), data.ParquetOptions{GroupBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	p, err := data.OpenParquet(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	want := []*frame.Frame{f, f.Slice(1, 3), f}
	if len(p.Groups()) != len(want) {
		t.Fatalf("row groups %v, want %d", p.Groups(), len(want))
	}
	for g, w := range want {
		got, err := p.Read(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		sameFrame(t, got, w)
	}
}
