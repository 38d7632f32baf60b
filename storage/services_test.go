//go:build services

package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/emberml/ember/internal/services"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/storage/storagetest"
)

// remotes runs a test on each system that needs a server; root is an empty folder.
func remotes(t *testing.T, test func(t *testing.T, fsys storage.FS, root string)) {
	t.Run("S3", func(t *testing.T) {
		root := services.S3(t)
		test(t, find(t, root), root)
	})
	t.Run("HDFS", func(t *testing.T) {
		root := services.HDFS(t)
		test(t, find(t, root), root)
	})
}

func find(t *testing.T, name string) storage.FS {
	t.Helper()
	fsys, err := storage.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

func TestRemote(t *testing.T) { remotes(t, storagetest.Run) }

func TestRemoteAliases(t *testing.T) {
	root := services.S3(t)
	name := storage.Join("s3a"+strings.TrimPrefix(root, "s3"), "f")
	if err := storage.WriteFile(t.Context(), name, []byte("x")); err != nil {
		t.Fatal(err)
	}
	infos, err := storage.Glob(t.Context(), storage.Join(path.Dir(name), "?"))
	if err == nil {
		t.Errorf("a question mark in a URL matched %v", infos)
	}
	infos, err = storage.Glob(t.Context(), strings.Replace(name, "/f", "/[a-f]", 1))
	if err != nil || len(infos) != 1 || infos[0].Name != name {
		t.Errorf("Glob: %v, %v; want %s", infos, err, name)
	}
}

func TestRemoteFolders(t *testing.T) {
	remotes(t, func(t *testing.T, fsys storage.FS, root string) {
		dir := storage.Join(root, "dir")
		if _, err := fsys.List(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("List of a missing folder: %v, want fs.ErrNotExist", err)
		}
		if err := storage.WriteFile(t.Context(), storage.Join(dir, "f"), nil); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{dir, dir + "/"} {
			if info, err := fsys.Stat(t.Context(), name); err != nil || !info.Dir || info.Name != name {
				t.Errorf("Stat of the folder %s: %+v, %v", name, info, err)
			}
		}
		if err := fsys.Remove(t.Context(), dir); err == nil {
			t.Error("a folder that is not empty was removed")
		}
		if _, err := fsys.Open(t.Context(), dir); err == nil {
			t.Error("a folder was opened as a file")
		}
	})
}

// A large file goes up and down in little memory, and reads at any place see it.
func TestRemoteLargeFile(t *testing.T) {
	const size, block = 100 << 20, 1 << 20
	remotes(t, func(t *testing.T, _ storage.FS, root string) {
		name := storage.Join(root, "large")
		at := func(i int) []byte { return random(uint64(i), block) }
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		peak := before.HeapAlloc
		measure := func(i int) {
			if i%20 == 10 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
		}
		err := storage.Write(t.Context(), name, size, func(w io.Writer) error {
			for i := range size / block {
				if _, err := w.Write(at(i)); err != nil {
					return err
				}
				measure(i)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f, err := storage.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, got := storage.Reader(f), make([]byte, block)
		for i := range size / block {
			if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, at(i)) {
				t.Fatalf("block %d: %v, or it differs", i, err)
			}
			measure(i)
		}
		if peak -= before.HeapAlloc; peak > size/2 {
			t.Errorf("%d MiB of memory for a file of %d MiB", peak>>20, size>>20)
		}
		var all sync.WaitGroup
		for worker := range 6 {
			all.Go(func() {
				p := make([]byte, block)
				for i := worker; i < size/block; i += 13 {
					if _, err := f.ReadAt(p, int64(i*block)); err != nil || !bytes.Equal(p, at(i)) {
						t.Errorf("concurrent read of block %d: %v, or it differs", i, err)
						return
					}
				}
			})
		}
		all.Wait()
	})
}

// random returns n bytes that belong to a seed.
func random(seed uint64, n int) []byte {
	var key [32]byte
	key[0] = byte(seed)
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b
}

// An upload whose context ends in the middle leaves the older file, and nothing else.
func TestRemoteCanceledWrite(t *testing.T) {
	remotes(t, func(t *testing.T, fsys storage.FS, root string) {
		name := storage.Join(root, "model.onnx")
		if err := storage.WriteFile(t.Context(), name, []byte("old")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := storage.Write(ctx, name, 0, func(w io.Writer) error {
			if _, err := w.Write(random(1, 20<<20)); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		infos, err := fsys.List(t.Context(), root)
		if err != nil || len(infos) != 1 || infos[0].Size != 3 {
			t.Errorf("the folder holds %+v, %v; want the old file", infos, err)
		}
		hidden(t, root)
	})
}

// hidden fails the test if a folder of HDFS, whose temporary files List leaves out,
// or of S3 holds parts of files.
func hidden(t *testing.T, root string) {
	t.Helper()
	if left := storage.Leftovers(t, root); len(left) != 0 {
		t.Errorf("%v stayed behind", left)
	}
}

// Faults in the middle are told, name the file and leave nothing.
func TestRemoteFaults(t *testing.T) {
	remotes(t, func(t *testing.T, fsys storage.FS, root string) {
		name := storage.Join(root, "f")
		for _, script := range []string{"create 1: eacces", "write 2: eio", "commit 1: eio"} {
			ctx := storage.WithFS(t.Context(), storage.Scheme(root), storagetest.Faulty(fsys, script))
			err := storage.Write(ctx, name, 0, func(w io.Writer) error {
				for range 3 {
					if _, err := w.Write(random(2, 9<<20)); err != nil {
						return err
					}
				}
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v, want an error that names %s", script, err, name)
			}
			if _, err := fsys.Stat(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: the file is there: %v", script, err)
			}
			hidden(t, root)
		}
	})
}

// A file that is replaced while it is read fails rather than mixing both.
func TestRemoteChangedWhileRead(t *testing.T) {
	remotes(t, func(t *testing.T, fsys storage.FS, root string) {
		name := storage.Join(root, "f")
		if err := storage.WriteFile(t.Context(), name, random(3, 4<<20)); err != nil {
			t.Fatal(err)
		}
		f, err := fsys.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := storage.WriteFile(t.Context(), name, random(4, 4<<20)); err != nil {
			t.Fatal(err)
		}
		if _, err := f.ReadAt(make([]byte, 1000), 3<<20); err == nil || !strings.Contains(err.Error(), "changed") {
			t.Errorf("got %v, want that it has changed", err)
		}
	})
}

func TestS3Denied(t *testing.T) {
	root := services.S3(t)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "a-secret-word")
	_, err := new(storage.S3).Open(t.Context(), storage.Join(root, "f"))
	if !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("got %v, want fs.ErrPermission", err)
	}
	if text := err.Error(); !strings.Contains(text, "bucket ember") || !strings.Contains(text, "AWS_ACCESS_KEY_ID") || strings.Contains(text, "a-secret-word") {
		t.Errorf("%v: want the bucket and where the credentials came from, no secret", err)
	}
}

func TestS3NoBucket(t *testing.T) {
	services.S3(t)
	_, err := storage.Open(t.Context(), "s3://no-such-bucket/f")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "no bucket no-such-bucket") {
		t.Errorf("got %v, want that there is no bucket", err)
	}
}

func TestHDFSDenied(t *testing.T) {
	root := services.HDFS(t)
	if err := storage.WriteFile(t.Context(), storage.Join(root, "f"), nil); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HADOOP_USER_NAME", "somebody")
	err := storage.WriteFile(t.Context(), storage.Join(root, "g"), nil)
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "somebody") {
		t.Errorf("got %v, want that somebody is denied", err)
	}
}
