package data_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// inMemory is a file system of one file, whatever its name, that counts what is read.
type inMemory struct {
	storage.FS
	content []byte
	read    *atomic.Int64
}

func (m inMemory) Open(context.Context, string) (storage.File, error) {
	return memoryFile{bytes.NewReader(m.content), m.read}, nil
}

type memoryFile struct {
	*bytes.Reader
	read *atomic.Int64
}

func (m memoryFile) Close() error { return nil }

func (m memoryFile) ReadAt(b []byte, off int64) (int, error) {
	n, err := m.Reader.ReadAt(b, off)
	m.read.Add(int64(n))
	return n, err
}

// openBytes opens a Parquet file in memory, and returns what was read of it so far.
func openBytes(t testing.TB, b []byte) (*data.Parquet, *atomic.Int64, error) {
	var read atomic.Int64
	p, err := data.OpenParquet(storage.WithFS(t.Context(), "memory", inMemory{content: b, read: &read}), "memory://a.parquet")
	return p, &read, err
}

// parquetBytes returns a file of the given frames, a row group each.
func parquetBytes(t testing.TB, frames ...*frame.Frame) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.parquet")
	err := data.WriteParquet(t.Context(), name, frames[0].Schema(), each(frames...), data.ParquetOptions{GroupBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestParquetReadsWhatItNeeds reads one column of one row group.
func TestParquetReadsWhatItNeeds(t *testing.T) {
	const rows = 20_000
	noise := make([]float64, rows)
	for i := range noise {
		noise[i] = float64(i*i%7919) / 7919
	}
	f := newFrame(t, named{"a", frame.Of(noise)}, named{"b", frame.Of(noise)})
	b := parquetBytes(t, f, f, f)
	p, read, err := openBytes(t, b)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := read.Load(); got > 4096 {
		t.Errorf("%d of %d bytes were read to open the file", got, len(b))
	}
	got, err := p.Read(t.Context(), 1, 1)
	if err != nil || got.Rows() != rows || len(got.Schema()) != 1 || got.Schema()[0].Name != "b" {
		t.Fatalf("row group %v: %v", got, err)
	}
	if got := read.Load(); got > int64(len(b))/5 {
		t.Errorf("%d of %d bytes were read, want about a sixth", got, len(b))
	}
}

// FuzzParquet reads files that are damaged: whatever is wrong is an error.
func FuzzParquet(f *testing.F) {
	all := allKinds(f)
	b := parquetBytes(f, all)
	f.Add(b)
	for i := 0; i < len(b); i += 97 {
		damaged := bytes.Clone(b)
		damaged[i] ^= 0x55
		f.Add(damaged)
	}
	for i := 0; i < len(b); i += 1009 {
		f.Add(b[:i])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, _, err := openBytes(t, b)
		if err != nil {
			var format *tensor.FormatError
			if !errors.As(err, &format) {
				t.Errorf("error %v, want a *tensor.FormatError", err)
			}
			return
		}
		defer p.Close()
		for g := range p.Groups() {
			for c := range p.Schema() {
				if f, err := p.Read(t.Context(), g, c); err == nil && f.Rows() != p.Groups()[g].Rows {
					t.Errorf("%d rows, want %d", f.Rows(), p.Groups()[g].Rows)
				}
			}
		}
	})
}
