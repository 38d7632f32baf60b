package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/emberml/ember/storage"
)

// Faulty returns fsys with faults as a script says. Its rules are parted by
// semicolons; a rule is an operation, which of its calls (counted from 1; "3+"
// for the third and all later, "*" for all) and what happens:
//
//	write 3: enospc; open *: eio
//
// Operations are open, read, create, write, commit, list, stat and remove. Faults
// are enospc, eio, enoent, eacces, and short: half of the bytes are read or
// written, then it fails with io.ErrUnexpectedEOF. A script that cannot be read
// panics.
func Faulty(fsys storage.FS, script string) storage.FS {
	f := &faulty{FS: fsys, calls: map[string]int{}}
	for text := range strings.SplitSeq(script, ";") {
		f.rules = append(f.rules, parseRule(text))
	}
	return f
}

var operations = []string{"open", "read", "create", "write", "commit", "list", "stat", "remove"}

var faults = map[string]error{
	"enospc": syscall.ENOSPC,
	"eio":    syscall.EIO,
	"enoent": fs.ErrNotExist,
	"eacces": fs.ErrPermission,
	"short":  io.ErrUnexpectedEOF,
}

type rule struct {
	operation string
	from, to  int
	fault     error
}

func parseRule(text string) rule {
	when, fault, _ := strings.Cut(text, ":")
	words := strings.Fields(when)
	err, known := faults[strings.TrimSpace(fault)]
	if len(words) != 2 || !slices.Contains(operations, words[0]) || !known {
		panic(fmt.Sprintf("storagetest.Faulty: rule %q: want \"operation which: fault\"", text))
	}
	r := rule{operation: words[0], from: 1, to: int(^uint(0) >> 1), fault: err}
	if words[1] == "*" {
		return r
	}
	digits, open := strings.CutSuffix(words[1], "+")
	n, convErr := strconv.Atoi(digits)
	if convErr != nil || n < 1 {
		panic(fmt.Sprintf("storagetest.Faulty: rule %q: %q is not 3, 3+ or *", text, words[1]))
	}
	r.from = n
	if !open {
		r.to = n
	}
	return r
}

type faulty struct {
	storage.FS
	rules []rule

	mu    sync.Mutex
	calls map[string]int
}

// fault counts a call and returns the error that it is to fail with.
func (f *faulty) fault(operation string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[operation]++
	n := f.calls[operation]
	for _, r := range f.rules {
		if r.operation == operation && r.from <= n && n <= r.to {
			return r.fault
		}
	}
	return nil
}

// fail is fault as an error that names the file.
func (f *faulty) fail(operation, name string) error {
	if err := f.fault(operation); err != nil {
		return &fs.PathError{Op: operation, Path: name, Err: err}
	}
	return nil
}

func (f *faulty) Open(ctx context.Context, name string) (storage.File, error) {
	if err := f.fail("open", name); err != nil {
		return nil, err
	}
	file, err := f.FS.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f, name}, nil
}

func (f *faulty) Create(ctx context.Context, name string) (storage.Writer, error) {
	if err := f.fail("create", name); err != nil {
		return nil, err
	}
	w, err := f.FS.Create(ctx, name)
	if err != nil {
		return nil, err
	}
	return &faultyWriter{w, f, name}, nil
}

func (f *faulty) List(ctx context.Context, dir string) ([]storage.Info, error) {
	if err := f.fail("list", dir); err != nil {
		return nil, err
	}
	return f.FS.List(ctx, dir)
}

func (f *faulty) Stat(ctx context.Context, name string) (storage.Info, error) {
	if err := f.fail("stat", name); err != nil {
		return storage.Info{}, err
	}
	return f.FS.Stat(ctx, name)
}

func (f *faulty) Remove(ctx context.Context, name string) error {
	if err := f.fail("remove", name); err != nil {
		return err
	}
	return f.FS.Remove(ctx, name)
}

type faultyFile struct {
	storage.File
	fs   *faulty
	name string
}

func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	return f.fs.bytes("read", f.name, p, func(p []byte) (int, error) { return f.File.ReadAt(p, off) })
}

type faultyWriter struct {
	storage.Writer
	fs   *faulty
	name string
}

func (w *faultyWriter) Write(p []byte) (int, error) {
	return w.fs.bytes("write", w.name, p, w.Writer.Write)
}

func (w *faultyWriter) Commit() error {
	if err := w.fs.fail("commit", w.name); err != nil {
		w.Close()
		return err
	}
	return w.Writer.Commit()
}

// bytes passes p on, or the half of it before the fault "short".
func (f *faulty) bytes(operation, name string, p []byte, pass func([]byte) (int, error)) (int, error) {
	fault := f.fail(operation, name)
	if fault == nil {
		return pass(p)
	}
	n := 0
	if errors.Is(fault, io.ErrUnexpectedEOF) {
		n, _ = pass(p[:len(p)/2])
	}
	return n, fault
}
