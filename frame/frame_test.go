package frame_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/emberml/ember/frame"
)

// sample returns a frame with a column of every kind, with nulls in row 1.
func sample(t testing.TB) *frame.Frame {
	t.Helper()
	valid := []bool{true, false, true}
	point, err := frame.New(frame.Schema{
		{Name: "a", Type: frame.Type{Kind: frame.Int16}},
		{Name: "b", Type: frame.Type{Kind: frame.String}, Nullable: true},
	}, frame.Of([]int16{-1, 0, 1}), frame.Strings([]string{"p", "q", "r"}).WithValid(valid))
	if err != nil {
		t.Fatal(err)
	}
	columns := []*frame.Column{
		frame.Bools([]bool{true, false, true}),
		frame.Of([]int8{-1, 0, 1}),
		frame.Of([]int16{-1, 0, 1}),
		frame.Of([]int32{-1, 0, 1}),
		frame.Of([]int64{math.MinInt64, 0, math.MaxInt64}),
		frame.Of([]uint8{0, 1, 255}),
		frame.Of([]uint16{0, 1, math.MaxUint16}),
		frame.Of([]uint32{0, 1, math.MaxUint32}),
		frame.Of([]uint64{0, 1, math.MaxUint64}),
		frame.Of([]float32{-1.5, 0, float32(math.Inf(1))}),
		frame.Of([]float64{0.1, 0, math.MaxFloat64}),
		frame.Strings([]string{"a", "", "größer"}),
		frame.Binaries([][]byte{{0, 1}, nil, {255}}),
		frame.Of([]int32{-1, 0, 20_000}).As(frame.Date),
		frame.Of([]int64{-1, 0, 1_700_000_000_123_456}).As(frame.Timestamp),
		frame.Of([]int64{-1, 0, 1_700_000_000_123_456}).As(frame.TimestampNTZ),
		frame.Lists([]int32{0, 2, 2, 5}, frame.Of([]float32{1, 2, 3, 4, 5})),
		frame.FixedLists(2, frame.Strings([]string{"a", "b", "c", "d", "e", "f"})),
		point.Wrap("_0").Column(0),
	}
	schema := make(frame.Schema, len(columns))
	for i, c := range columns {
		columns[i] = c.WithValid(valid)
		schema[i] = frame.Field{Name: "c" + string(rune('a'+i)), Type: c.Type(), Nullable: true}
	}
	f, err := frame.New(schema, columns...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// same reports whether two frames hold the same rows.
func same(t *testing.T, got, want *frame.Frame) {
	t.Helper()
	if !got.Schema().Equal(want.Schema()) {
		t.Fatalf("schema %v, want %v", got.Schema(), want.Schema())
	}
	if got.Rows() != want.Rows() {
		t.Fatalf("%d rows, want %d", got.Rows(), want.Rows())
	}
	for i, f := range want.Schema() {
		sameColumn(t, f.Name, got.Column(i), want.Column(i))
	}
}

func sameColumn(t *testing.T, name string, got, want *frame.Column) {
	t.Helper()
	if got.Len() != want.Len() || got.Nulls() != want.Nulls() {
		t.Fatalf("%s: %d rows and %d nulls, want %d and %d", name, got.Len(), got.Nulls(), want.Len(), want.Nulls())
	}
	for i := range want.Len() {
		g, w := got.Float64(i), want.Float64(i)
		if got.Null(i) != want.Null(i) || got.String(i) != want.String(i) || g != w && !(math.IsNaN(g) && math.IsNaN(w)) {
			t.Errorf("%s: row %d is %q (null: %v), want %q (%v)", name, i, got.String(i), got.Null(i), want.String(i), want.Null(i))
		}
		switch want.Type().Kind {
		case frame.List:
			gl, gh := got.List(i)
			wl, wh := want.List(i)
			sameColumn(t, name+"[]", got.Elem().Slice(gl, gh), want.Elem().Slice(wl, wh))
		}
	}
	for j := range want.Type().Fields {
		sameColumn(t, name+"."+want.Type().Fields[j].Name, got.Field(j), want.Field(j))
	}
}

func encode(t testing.TB, schema frame.Schema, frames ...*frame.Frame) []byte {
	t.Helper()
	var b bytes.Buffer
	w := frame.NewWriter(&b, schema)
	for _, f := range frames {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStreamRoundTrip(t *testing.T) {
	f := sample(t)
	parts := []*frame.Frame{f, f.Slice(1, 3), f.Slice(2, 2), f.Slice(2, 3), f.Slice(0, 1)}
	r, err := frame.NewReader(bytes.NewReader(encode(t, f.Schema(), parts...)), frame.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range parts {
		got, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatalf("after the last frame: %v, want io.EOF", err)
	}
}

func TestReaderStopsAtEndMarker(t *testing.T) {
	f := sample(t)
	b := bytes.NewBuffer(append(encode(t, f.Schema(), f), "next message"...))
	r, err := frame.NewReader(b, frame.ReaderOptions{})
	for err == nil {
		_, err = r.Next()
	}
	if err != io.EOF || b.String() != "next message" {
		t.Fatalf("error %v, left %q", err, b)
	}
}

func TestReaderWithoutEndMarker(t *testing.T) {
	f := sample(t)
	b := encode(t, f.Schema(), f)
	for _, n := range []int{0, 3, 8, 100, len(b) / 2, len(b) - 8, len(b) - 3} {
		r, err := frame.NewReader(bytes.NewReader(b[:n]), frame.ReaderOptions{})
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %v, want io.ErrUnexpectedEOF", n, len(b), err)
		}
	}
}

func TestReaderBound(t *testing.T) {
	f := sample(t)
	r, err := frame.NewReader(bytes.NewReader(encode(t, f.Schema(), f)), frame.ReaderOptions{MaxBytes: 100})
	if err == nil {
		_, err = r.Next()
	}
	if err == nil || !strings.Contains(err.Error(), "exceeds limit 100") {
		t.Fatalf("error %v, want the limit", err)
	}
}

func TestWrap(t *testing.T) {
	f := sample(t)
	w := f.Wrap("_0")
	b := encode(t, w.Schema(), w)
	r, err := frame.NewReader(bytes.NewReader(b), frame.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Next()
	if err == nil {
		got, err = got.Unwrap()
	}
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, f)
	if _, err := f.Unwrap(); err == nil {
		t.Error("a frame of many columns was unwrapped")
	}
}

func TestValuesAlias(t *testing.T) {
	v := []float32{1, 2, 3}
	c := frame.Of(v).Slice(1, 3)
	if got := frame.Values[float32](c); &got[0] != &v[1] || len(got) != 2 {
		t.Error("the column copied its values")
	}
	defer func() {
		if recover() == nil {
			t.Error("values of another type did not panic")
		}
	}()
	frame.Values[int32](c)
}

func TestNewErrors(t *testing.T) {
	schema := frame.Schema{{Name: "a", Type: frame.Type{Kind: frame.Int32}}, {Name: "b", Type: frame.Type{Kind: frame.Int32}}}
	one := frame.Of([]int32{1})
	for want, columns := range map[string][]*frame.Column{
		"1 columns for a schema of 2": {one},
		"column b is of type bigint":  {one, frame.Of([]int64{1})},
		"column b has 2 rows":         {one, frame.Of([]int32{1, 2})},
		"column b has 1 nulls":        {one, one.WithValid([]bool{false})},
	} {
		if _, err := frame.New(schema, columns...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestSelect(t *testing.T) {
	f := sample(t)
	got, err := f.Select("cd", "ca")
	if err != nil || !slices.Equal(got.Schema().Names(), []string{"cd", "ca"}) || got.Column(0) != f.ByName("cd") {
		t.Fatalf("selected %v: %v", got.Schema(), err)
	}
	if _, err := f.Select("zz"); err == nil {
		t.Error("selected a column that is not there")
	}
}
