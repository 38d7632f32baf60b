package storage_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/storage/storagetest"
)

func TestLocal(t *testing.T) {
	storagetest.Run(t, storage.Local{}, t.TempDir())
}

func TestLocalURL(t *testing.T) {
	storagetest.Run(t, storage.Local{}, "file://"+filepath.ToSlash(t.TempDir()))
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ name, scheme, base string }{
		{"data/a.csv", "file", "a.csv"},
		{"file:///data/a.csv", "file", "a.csv"},
		{"https://host/data/a.csv?sig=x/y", "https", "a.csv"},
		{"S3://bucket/key", "s3", "key"},
		{"what/is://this", "file", "this"},
	} {
		if got := storage.Scheme(c.name); got != c.scheme {
			t.Errorf("Scheme(%q) = %q, want %q", c.name, got, c.scheme)
		}
		if got := storage.Base(c.name); got != c.base {
			t.Errorf("Base(%q) = %q, want %q", c.name, got, c.base)
		}
	}
	if got, want := storage.Join("s3://bucket/a/", "b", "c"), "s3://bucket/a/b/c"; got != want {
		t.Errorf("Join: %q, want %q", got, want)
	}
	if path, ok := storage.LocalPath("file:///tmp/a%20b"); !ok || path != filepath.FromSlash("/tmp/a b") {
		t.Errorf("LocalPath: %q, %v", path, ok)
	}
	if _, err := storage.Open(t.Context(), "gopher://host/x"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("an unknown scheme: %v, want errors.ErrUnsupported", err)
	}
}

func TestGlob(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"a/1.csv", "a/2.csv", "a/x.txt", "b/3.csv", "b/.4.csv", "c.csv"} {
		write(t, filepath.Join(dir, n), "x")
	}
	for _, c := range []struct {
		pattern string
		want    []string
	}{
		{"*/*.csv", []string{"a/1.csv", "a/2.csv", "b/3.csv"}},
		{"a/[2-9].csv", []string{"a/2.csv"}},
		{"?.csv", []string{"c.csv"}},
		{"b/3.csv", []string{"b/3.csv"}},
	} {
		infos, err := storage.Glob(t.Context(), filepath.Join(dir, c.pattern))
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
		}
		var got []string
		for _, i := range infos {
			rel, _ := filepath.Rel(dir, i.Name)
			got = append(got, filepath.ToSlash(rel))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s matches %v, want %v", c.pattern, got, c.want)
		}
	}
	if _, err := storage.Glob(t.Context(), filepath.Join(dir, "*.parquet")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no match: %v, want fs.ErrNotExist", err)
	}
	t.Chdir(dir)
	if infos, err := storage.Glob(t.Context(), "a/*.txt"); err != nil || len(infos) != 1 || infos[0].Name != filepath.Join("a", "x.txt") {
		t.Errorf("relative pattern: %v, %v", infos, err)
	}
}

func TestMap(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	for _, content := range []string{"", "some content"} {
		write(t, name, content)
		m, err := storage.Map(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Bytes) != content {
			t.Errorf("mapped %q, want %q", m.Bytes, content)
		}
		if err := errors.Join(m.Close(), m.Close()); err != nil {
			t.Error(err)
		}
	}
	ctx := storage.WithFS(t.Context(), "file", storagetest.Faulty(storage.Local{}, "read 9: eio")) // hides mapping
	m, err := storage.Map(ctx, name)
	if err != nil || string(m.Bytes) != "some content" {
		t.Errorf("a file that cannot be mapped: %q, %v", m.Bytes, err)
	}
}

// A disk that fills up is told with the bytes that are missing, and leaves
// nothing behind, at whichever write it happens.
func TestDiskFull(t *testing.T) {
	for _, script := range []string{"create 1: enospc", "write 1: enospc", "write 3: enospc", "commit 1: enospc"} {
		dir := t.TempDir()
		name := filepath.Join(dir, "model.onnx")
		ctx := storage.WithFS(t.Context(), "file", storagetest.Faulty(storage.Local{}, script))
		err := storage.Write(ctx, name, 400, func(w io.Writer) error {
			for range 4 {
				if _, err := w.Write(make([]byte, 100)); err != nil {
					return err
				}
			}
			return nil
		})
		var full *storage.SpaceError
		if !errors.As(err, &full) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v, want a SpaceError", script, err)
			continue
		}
		if full.File != name || full.Needed != 400 || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want the file's name and 400 bytes", script, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 0 {
			t.Errorf("%s: %v stayed behind", script, entries)
		}
	}
}

func TestFailedFillLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	failure := errors.New("no more")
	err := storage.Write(t.Context(), filepath.Join(dir, "x"), 0, func(w io.Writer) error {
		io.WriteString(w, "half")
		return failure
	})
	if !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("%v stayed behind", entries)
	}
}

func TestWriteThroughLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	write(t, target, "old")
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	write(t, link, "new")
	if b, err := os.ReadFile(target); err != nil || string(b) != "new" {
		t.Errorf("the target holds %q, %v", b, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link was replaced by a file")
	}
}

// A device cannot be replaced by renaming: /dev/null has to stay one.
func TestWriteToDevice(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	if err := storage.WriteFile(t.Context(), "/dev/null", []byte("x")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode().IsRegular() {
		t.Fatal("/dev/null became a file")
	}
	var full *storage.SpaceError
	if err := storage.WriteFile(t.Context(), "/dev/full", []byte("x")); !errors.As(err, &full) {
		t.Errorf("/dev/full: %v, want a SpaceError", err)
	}
}

func TestFaultyShortRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	write(t, name, "12345678")
	ctx := storage.WithFS(t.Context(), "file", storagetest.Faulty(storage.Local{}, "read 1: short; open 2+: eacces"))
	if _, err := storage.ReadFile(ctx, name); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want a short read", err)
	}
	if _, err := storage.ReadFile(ctx, name); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want a permission error", err)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := storage.WriteFile(context.Background(), name, []byte(content)); err != nil {
		t.Fatal(err)
	}
}
