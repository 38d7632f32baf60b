package data

import (
	"bytes"
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/tensor"
)

// filled returns a store of n rows of up to most bytes each, and the rows.
func filled(t *testing.T, o CacheOptions, n, most int) (*store, [][]byte) {
	t.Helper()
	s := newStore(o, newBudget(o))
	t.Cleanup(func() { s.close() })
	r := tensor.RandStream(1, "rows")
	var want [][]byte
	for i := range n {
		row := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 1+r.IntN(most/2))
		if i > n/2 { // rows of one length, too
			row = append(make([]byte, 0, most), bytes.Repeat([]byte{byte(i)}, most)...)
		}
		want = append(want, row)
		if err := s.add(func(b []byte) []byte { return append(b, row...) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.seal(); err != nil {
		t.Fatal(err)
	}
	return s, want
}

// Rows come back in any order, from memory and from disk, to any number of readers.
func TestStore(t *testing.T) {
	for name, o := range map[string]CacheOptions{
		"in memory": {Memory: 1 << 30}, "on disk": {Memory: -1, Folder: t.TempDir()}, "both": {Memory: 3 << 20, Folder: t.TempDir()},
	} {
		t.Run(name, func(t *testing.T) {
			s, want := filled(t, o, 3000, 4000)
			if s.len() != len(want) || (s.file != nil) != (name != "in memory") {
				t.Fatalf("%d rows, file %v", s.len(), s.file)
			}
			orders := [][]int{tensor.RandStream(3, "order").Permutation(len(want)), make([]int, len(want)), {7, 7, 2999, 0, 1, 2, 2}, {}}
			for i := range orders[1] {
				orders[1][i] = i
			}
			errs := make(chan error)
			for _, rows := range orders {
				go func() {
					i := 0
					errs <- s.read(rows, func(row []byte) error {
						if !bytes.Equal(row, want[rows[i]]) {
							return errors.New("a row differs")
						}
						i++
						return nil
					})
				}()
			}
			for range orders {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// The file has no name while it is in use, and none after.
func TestStoreLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s, _ := filled(t, CacheOptions{Memory: -1, Folder: dir}, 100, 100)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 && os.PathSeparator == '/' {
		t.Errorf("while it is in use: %v %v", left, err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("after close: %v %v", left, err)
	}
}

func TestStoreErrors(t *testing.T) {
	s := newStore(CacheOptions{Memory: -1, Folder: "/no/such/folder"}, newBudget(CacheOptions{Memory: -1}))
	s.add(func(b []byte) []byte { return append(b, 1) })
	if err := s.seal(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("the system has no device that is always full")
	}
	defer full.Close()
	s, _ = filled(t, CacheOptions{Memory: -1, Folder: t.TempDir()}, 10, 10)
	own := s.file
	defer func() { s.file = own }() // closing a store removes its file
	s.file = full
	s.add(func(b []byte) []byte { return append(b, make([]byte, 1<<12)...) })
	var space *storage.SpaceError
	if err := s.seal(); !errors.As(err, &space) {
		t.Errorf("a full disk: %v, want a SpaceError", err)
	}
}

// everyKind is a frame of all kinds of columns that a codec holds, with and without
// missing values.
func everyKind(t *testing.T) *frame.Frame {
	t.Helper()
	numbers := frame.Of([]float32{1, 2, 3, 4, 5, 6})
	holes := frame.Of([]int16{1, 2, 3, 4, 5, 6}).WithValid([]bool{true, false, true, true, false, true})
	words := frame.Strings([]string{"a", "", "ccc", "d", "e", "f"})
	columns := map[string]*frame.Column{
		"int8": frame.Of([]int8{-1, 2, 3}), "uint64": frame.Of([]uint64{1, math.MaxUint64, 3}), "float64": frame.Of([]float64{1, math.Inf(1), 3}),
		"nulls": frame.Of([]float32{1, 2, 3}).WithValid([]bool{true, false, true}),
		"bool":  frame.Bools([]bool{true, false, true}), "date": frame.Of([]int32{1, 2, 3}).As(frame.Date),
		"time": frame.Of([]int64{1, 2, 3}).As(frame.Timestamp),
		"text": frame.Strings([]string{"x", "", "zz"}).WithValid([]bool{true, false, true}), "binary": frame.Binaries([][]byte{{1}, {2, 3}, nil}),
		"list": frame.Lists([]int32{0, 2, 2, 6}, numbers), "fixed": frame.FixedLists(2, numbers),
		"holes": frame.Lists([]int32{0, 2, 3, 6}, holes).WithValid([]bool{true, true, false}), "words": frame.FixedLists(2, words),
		"lists": frame.FixedLists(1, frame.FixedLists(2, numbers)), "bools": frame.FixedLists(2, frame.Bools([]bool{true, false, true, true, false, true})),
	}
	var schema frame.Schema
	var list []*frame.Column
	for name, c := range columns {
		schema, list = append(schema, frame.Field{Name: name, Type: c.Type(), Nullable: c.Nulls() > 0}), append(list, c)
	}
	f, err := frame.New(schema, list...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCodec(t *testing.T) {
	f := everyKind(t)
	for _, f := range []*frame.Frame{f, f.Slice(1, 3), f.Slice(2, 2)} {
		h := held{name: "kinds", store: newStore(CacheOptions{}, newBudget(CacheOptions{}))}
		if err := h.start(f.Schema()); err != nil {
			t.Fatal(err)
		}
		encode := h.codec.encoder(f)
		var rows []int
		for i := range f.Rows() {
			rows = append([]int{i}, rows...)
			if err := h.store.add(func(b []byte) []byte { return encode(b, i) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.store.seal(); err != nil {
			t.Fatal(err)
		}
		back, err := h.codec.read(h.store, rows)
		if err != nil {
			t.Fatal(err)
		}
		if !back.Schema().Equal(f.Schema()) || back.Rows() != f.Rows() {
			t.Fatalf("%d rows of %v came back, want %d of %v", back.Rows(), back.Schema(), f.Rows(), f.Schema())
		}
		for j, field := range f.Schema() {
			for i, row := range rows {
				got, want := values(back.Column(j), i), values(f.Column(j), row)
				if !slices.Equal(got, want) {
					t.Errorf("column %s of row %d is %q, want %q", field.Name, row, got, want)
				}
			}
		}
	}
	if _, err := newCodec("table", f.Wrap("s").Schema()); err == nil {
		t.Error("a struct was accepted")
	}
}

// values is what a column holds in row i, as text.
func values(c *frame.Column, i int) []string {
	if c.Null(i) {
		return nil
	}
	if c.Type().Kind != frame.List {
		return []string{c.String(i)}
	}
	var all []string
	lo, hi := c.List(i)
	for j := lo; j < hi; j++ {
		all = append(append(all, "["), values(c.Elem(), j)...)
	}
	return append(all, "]")
}

// No bytes that a damaged disk gives end in a panic.
func FuzzCodec(f *testing.F) {
	schema := frame.Schema{
		{Name: "a", Type: frame.Type{Kind: frame.Int32}, Nullable: true},
		{Name: "b", Type: frame.Type{Kind: frame.String}, Nullable: true},
		{Name: "c", Type: frame.ListOf(frame.Float32), Nullable: true},
		{Name: "d", Type: frame.ListOf(frame.String), Nullable: true},
	}
	f.Add([]byte{0, 1, 2, 3, 4, 1, 0, 0, 0, 'x', 1, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0})
	f.Add([]byte{15, 1, 2, 3, 4, 0, 0, 0, 0, 1, 0, 0, 0x80, 1, 1, 2, 3, 4, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, row []byte) {
		c, err := newCodec("fuzz", schema)
		if err != nil {
			t.Fatal(err)
		}
		s := newStore(CacheOptions{}, newBudget(CacheOptions{}))
		s.add(func(b []byte) []byte { return append(b, row...) })
		s.seal()
		c.read(s, []int{0})
	})
}
