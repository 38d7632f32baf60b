// Package storagetest tests implementations of [storage.FS] and makes them fail on
// purpose.
package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"sync"
	"testing"

	"github.com/emberml/ember/storage"
)

// Run checks a storage system that can write; root is an empty folder in it.
func Run(t *testing.T, fsys storage.FS, root string) {
	t.Helper()
	s := suite{fsys, root}
	for _, c := range []struct {
		name string
		run  func(*testing.T, suite)
	}{
		{"Missing", missing},
		{"RoundTrip", roundTrip},
		{"Empty", empty},
		{"Atomic", atomic},
		{"Discard", discard},
		{"NewFolders", newFolders},
		{"List", list},
		{"Remove", remove},
		{"CanceledCreate", canceledCreate},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, s) })
	}
}

// RunFile checks that fsys reads the file of the given name as content.
func RunFile(t *testing.T, fsys storage.FS, name string, content []byte) {
	t.Helper()
	info, err := fsys.Stat(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Name != name || info.Dir || info.Size != int64(len(content)) {
		t.Errorf("Stat: %+v, want %d bytes under the name %s", info, len(content), name)
	}
	f, err := fsys.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Size() != int64(len(content)) {
		t.Errorf("Size is %d, want %d", f.Size(), len(content))
	}
	if got, err := io.ReadAll(storage.Reader(f)); err != nil || !bytes.Equal(got, content) {
		t.Errorf("read %d bytes, %v; want the %d written", len(got), err, len(content))
	}
	ranges(t, f, content)
	concurrent(t, f, content)
}

type suite struct {
	fsys storage.FS
	root string
}

func (s suite) name(elem ...string) string { return storage.Join(s.root, elem...) }

func (s suite) write(t *testing.T, name string, content []byte) {
	t.Helper()
	w, err := s.fsys.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for b := content; len(b) > 0; {
		n := min(len(b), 1000)
		if _, err := w.Write(b[:n]); err != nil {
			t.Fatal(err)
		}
		b = b[n:]
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("Close after Commit: %v", err)
	}
}

func (s suite) read(t *testing.T, name string) []byte {
	t.Helper()
	f, err := s.fsys.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(storage.Reader(f))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s suite) names(t *testing.T, dir string) []string {
	t.Helper()
	infos, err := s.fsys.List(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range infos {
		names = append(names, i.Name)
	}
	return names
}

// pattern is n bytes that tell where they are.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

func missing(t *testing.T, s suite) {
	name := s.name("missing")
	if _, err := s.fsys.Open(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open: %v, want fs.ErrNotExist", err)
	}
	if _, err := s.fsys.Stat(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat: %v, want fs.ErrNotExist", err)
	}
	if err := s.fsys.Remove(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Remove: %v, want fs.ErrNotExist", err)
	}
}

func roundTrip(t *testing.T, s suite) {
	name, content := s.name("round trip.bin"), pattern(5000)
	s.write(t, name, content)
	RunFile(t, s.fsys, name, content)
}

func empty(t *testing.T, s suite) {
	s.write(t, s.name("empty"), nil)
	RunFile(t, s.fsys, s.name("empty"), []byte{})
}

// ranges checks io.ReaderAt's contract at the ends of the file.
func ranges(t *testing.T, f storage.File, content []byte) {
	t.Helper()
	size := len(content)
	for _, r := range [][2]int{{0, 1}, {size / 2, size}, {size - 1, size}, {size / 3, size / 2}} {
		if r[0] < 0 || r[0] >= r[1] || r[1] > size {
			continue
		}
		p := make([]byte, r[1]-r[0])
		n, err := f.ReadAt(p, int64(r[0]))
		if n != len(p) || (err != nil && err != io.EOF) || !bytes.Equal(p, content[r[0]:r[1]]) {
			t.Errorf("ReadAt of %d…%d: %d bytes, %v", r[0], r[1], n, err)
		}
	}
	if n, err := f.ReadAt(make([]byte, 10), int64(size)); n != 0 || err != io.EOF {
		t.Errorf("ReadAt at the end: %d, %v; want 0, EOF", n, err)
	}
	if size > 0 {
		if n, err := f.ReadAt(make([]byte, 10), int64(size-1)); n != 1 || err != io.EOF {
			t.Errorf("ReadAt across the end: %d, %v; want 1, EOF", n, err)
		}
	}
}

func concurrent(t *testing.T, f storage.File, content []byte) {
	t.Helper()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			p := make([]byte, len(content)/8)
			off := i * len(p)
			if n, err := f.ReadAt(p, int64(off)); len(p) > 0 && (n != len(p) || !bytes.Equal(p, content[off:off+len(p)])) {
				t.Errorf("concurrent ReadAt %d: %d bytes, %v", off, n, err)
			}
		})
	}
	all.Wait()
}

func atomic(t *testing.T, s suite) {
	name := s.name("atomic")
	s.write(t, name, []byte("old"))
	w, err := s.fsys.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write([]byte("new and longer")); err != nil {
		t.Fatal(err)
	}
	if got := s.read(t, name); string(got) != "old" {
		t.Errorf("before Commit the file holds %q, want the old content", got)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := s.read(t, name); string(got) != "new and longer" {
		t.Errorf("after Commit the file holds %q", got)
	}
}

func discard(t *testing.T, s suite) {
	dir := s.name("discard")
	s.write(t, storage.Join(dir, "kept"), nil)
	w, err := s.fsys.Create(t.Context(), storage.Join(dir, "dropped"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(pattern(100)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if got, want := s.names(t, dir), []string{storage.Join(dir, "kept")}; !slices.Equal(got, want) {
		t.Errorf("after a discarded write the folder holds %v, want %v", got, want)
	}
}

func newFolders(t *testing.T, s suite) {
	name := s.name("new", "folders", "file")
	s.write(t, name, []byte("x"))
	if got := s.read(t, name); string(got) != "x" {
		t.Errorf("got %q", got)
	}
}

func list(t *testing.T, s suite) {
	dir := s.name("list")
	for _, n := range []string{"b", "a", "c"} {
		s.write(t, storage.Join(dir, n), []byte(n))
	}
	s.write(t, storage.Join(dir, "d", "inner"), nil)
	infos, err := s.fsys.List(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(infos) != 4 {
		t.Fatalf("List: %v, want a, b, c and the folder d", infos)
	}
	for i, want := range []string{"a", "b", "c", "d"} {
		if infos[i].Name != storage.Join(dir, want) || infos[i].Dir != (want == "d") {
			t.Errorf("entry %d is %+v, want %s", i, infos[i], want)
		}
	}
	if infos[0].Size != 1 {
		t.Errorf("size is %d, want 1", infos[0].Size)
	}
}

func remove(t *testing.T, s suite) {
	name := s.name("remove")
	s.write(t, name, nil)
	if err := s.fsys.Remove(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if _, err := s.fsys.Stat(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Remove: %v, want fs.ErrNotExist", err)
	}
}

func canceledCreate(t *testing.T, s suite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w, err := s.fsys.Create(ctx, s.name("canceled")); err == nil {
		w.Close()
		t.Error("Create under a canceled context succeeded")
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("Create: %v, want context.Canceled", err)
	}
}
