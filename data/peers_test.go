//go:build peers

package data_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/internal/peers"
)

// contents is what testdata/parquet.py prints of a file: its columns.
type contents map[string][]any

// TestParquetOfArrow reads what pyarrow writes.
func TestParquetOfArrow(t *testing.T) {
	dir := t.TempDir()
	var want map[string]contents
	peers.RunJSON(t, &want, "testdata/parquet.py", "write", dir, fmt.Sprint(peers.Seed(t)))
	for name, columns := range want {
		t.Run(name, func(t *testing.T) { sameContents(t, filepath.Join(dir, name+".parquet"), columns) })
	}
}

// TestParquetRefused reads what the library would decode to other values than were
// written.
func TestParquetRefused(t *testing.T) {
	dir := t.TempDir()
	peers.Run(t, "testdata/parquet.py", "write", dir, "1")
	for _, name := range []string{"refused-lz4.parquet", "refused-bools.parquet"} {
		_, err := data.Open(t.Context(), filepath.Join(dir, name), data.Options{NoTarget: true})
		var content *data.ContentError
		if !errors.As(err, &content) {
			t.Errorf("%s: error %v, want a *data.ContentError", name, err)
		}
	}
}

// TestParquetToArrow has pyarrow read what WriteParquet writes.
func TestParquetToArrow(t *testing.T) {
	f := allKinds(t)
	name := filepath.Join(t.TempDir(), "a.parquet")
	if err := data.WriteParquet(t.Context(), name, f.Schema(), each(f, f.Slice(1, 3), f), data.ParquetOptions{GroupBytes: 1}); err != nil {
		t.Fatal(err)
	}
	var got map[string]contents
	peers.RunJSON(t, &got, "testdata/parquet.py", "read", name)
	sameContents(t, name, got[""])
}

// sameContents compares a file with its columns.
func sameContents(t *testing.T, name string, want contents) {
	t.Helper()
	p, err := data.OpenParquet(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if len(p.Schema()) != len(want) {
		t.Fatalf("columns %v, want %d", p.Schema().Names(), len(want))
	}
	first := 0
	for g := range p.Groups() {
		f, err := p.Read(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		for j, field := range f.Schema() {
			for i := range f.Rows() {
				if got, want := value(f.Column(j), i), want[field.Name][first+i]; fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("column %s: row %d of group %d is %v, want %v", field.Name, i, g, got, want)
				}
			}
		}
		first += f.Rows()
	}
	for column, values := range want {
		if len(values) != first {
			t.Errorf("column %s: %d rows, want %d", column, first, len(values))
		}
	}
}

// value returns a value as testdata/parquet.py prints it.
func value(c *frame.Column, i int) any {
	if c.Null(i) {
		return nil
	}
	switch c.Type().Kind {
	case frame.Float32, frame.Float64:
		return c.Float64(i)
	case frame.Timestamp, frame.TimestampNTZ:
		return frame.Values[int64](c)[i]
	case frame.Binary:
		text := make([]rune, 0, len(c.Bytes(i)))
		for _, b := range c.Bytes(i) {
			text = append(text, rune(b))
		}
		return string(text)
	case frame.List:
		lo, hi := c.List(i)
		list := make([]any, 0, hi-lo)
		for j := lo; j < hi; j++ {
			list = append(list, value(c.Elem(), j))
		}
		return list
	}
	return c.String(i)
}
