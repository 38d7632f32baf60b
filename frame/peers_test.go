//go:build peers

package frame_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/internal/peers"
)

// TestStreamOfArrow reads what pyarrow writes, packed or not.
func TestStreamOfArrow(t *testing.T) {
	dir := t.TempDir()
	var want map[string][]any
	peers.RunJSON(t, &want, "testdata/stream.py", "write", dir, fmt.Sprint(peers.Seed(t)))
	for _, way := range []string{"none", "lz4", "zstd"} {
		b, err := os.ReadFile(filepath.Join(dir, way))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(way, func(t *testing.T) { sameContents(t, b, want) })
	}
}

// TestStreamToArrow has pyarrow read what a Writer writes.
func TestStreamToArrow(t *testing.T) {
	f, err := sample(t).Select("ca", "cb", "ce", "cf", "ci", "cl", "cn", "co", "cp")
	if err != nil {
		t.Fatal(err)
	}
	b := encode(t, f.Schema(), f, f.Slice(1, 3), f.Slice(0, 0), f)
	name := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var got map[string][]any
	peers.RunJSON(t, &got, "testdata/stream.py", "read", name)
	sameContents(t, b, got)
}

// sameContents compares a stream with its columns.
func sameContents(t *testing.T, stream []byte, want map[string][]any) {
	t.Helper()
	r, err := frame.NewReader(bytes.NewReader(stream), frame.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Schema()) != len(want) {
		t.Fatalf("columns %v, want %d", r.Schema().Names(), len(want))
	}
	rows := 0
	for {
		f, err := r.Next()
		if err != nil {
			if rows != len(want[r.Schema()[0].Name]) {
				t.Errorf("%d rows, then %v", rows, err)
			}
			return
		}
		for j, field := range r.Schema() {
			for i := range f.Rows() {
				if got, want := value(f.Column(j), i), want[field.Name][rows+i]; got != want {
					t.Fatalf("column %s: row %d is %v, want %v", field.Name, rows+i, got, want)
				}
			}
		}
		rows += f.Rows()
	}
}

// value returns a value as testdata/stream.py prints it.
func value(c *frame.Column, i int) any {
	switch k := c.Type().Kind; {
	case c.Null(i):
		return nil
	case k == frame.Timestamp, k == frame.TimestampNTZ:
		return fmt.Sprint(frame.Values[int64](c)[i])
	}
	return c.String(i)
}
