package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/emberml/ember/storage"
)

// scheme is that of the driver's files on a worker.
const scheme = "driver"

// driverPrefix begins the name of a driver's file on a worker.
const driverPrefix = scheme + "://"

// DriverName is the name by which a worker knows a file or folder of the driver. A
// name on other storage is the same everywhere and stays as it is.
func DriverName(name string) string {
	if path, ok := storage.LocalPath(name); ok {
		return driverPrefix + path
	}
	return name
}

// operation is what is done with a file.
type operation string

const (
	statFile   operation = "stat"
	listFolder operation = "list"
	readFile   operation = "read"
	createFile operation = "create"
	writeFile  operation = "write"
	commitFile operation = "commit"
	closeFile  operation = "close" // of one that was created: discard it
	removeFile operation = "remove"
)

// request asks the driver to do something with one of its files.
type request struct {
	ID     uint64    `json:"id"`
	Do     operation `json:"do"`
	Name   string    `json:"name,omitempty"`
	Offset int64     `json:"offset,omitempty"`
	Length int       `json:"length,omitempty"`
	Writer uint64    `json:"writer,omitempty"` // the request that created the file
}

// reply answers the request of the same number.
type reply struct {
	ID    uint64         `json:"id"`
	Infos []storage.Info `json:"infos,omitempty"`
	Error *remoteError   `json:"error,omitempty"`
}

// access is what the workers may do with the driver's files, and with what is below
// them. Links there are followed: workers cannot make any.
type access struct{ read, write []string }

// check returns the path of a name that the operation is allowed on.
func (a access) check(do operation, name string) (string, error) {
	file, ok := strings.CutPrefix(name, driverPrefix)
	if !ok || file == "" {
		return "", fmt.Errorf("%s: no file of the driver", name)
	}
	file = filepath.Clean(filepath.FromSlash(file)) // so that no ".." goes through a link
	covers := func(allowed string) bool {
		top, ok := storage.LocalPath(allowed)
		if !ok || top == "" {
			return false
		}
		below, err := filepath.Rel(top, file)
		return err == nil && filepath.IsLocal(below)
	}
	reading := do == statFile || do == listFolder || do == readFile
	if slices.ContainsFunc(a.write, covers) || reading && slices.ContainsFunc(a.read, covers) {
		return file, nil
	}
	return "", fmt.Errorf("%s: workers have no business with this file of the driver: %w", name, fs.ErrPermission)
}

// driverFS is the driver's files as the scheme driver: of its own process.
type driverFS struct{ access }

func (d driverFS) Open(ctx context.Context, name string) (storage.File, error) {
	file, err := d.check(readFile, name)
	if err != nil {
		return nil, err
	}
	return storage.Local{}.Open(ctx, file)
}

func (d driverFS) Create(ctx context.Context, name string) (storage.Writer, error) {
	file, err := d.check(createFile, name)
	if err != nil {
		return nil, err
	}
	return storage.Local{}.Create(ctx, file)
}

func (d driverFS) List(ctx context.Context, dir string) ([]storage.Info, error) {
	file, err := d.check(listFolder, dir)
	if err != nil {
		return nil, err
	}
	infos, err := storage.Local{}.List(ctx, file)
	for i := range infos {
		infos[i].Name = driverPrefix + filepath.ToSlash(infos[i].Name)
	}
	return infos, err
}

func (d driverFS) Stat(ctx context.Context, name string) (storage.Info, error) {
	file, err := d.check(statFile, name)
	if err != nil {
		return storage.Info{}, err
	}
	info, err := storage.Local{}.Stat(ctx, file)
	info.Name = name
	return info, err
}

func (d driverFS) Remove(ctx context.Context, name string) error {
	file, err := d.check(removeFile, name)
	if err != nil {
		return err
	}
	return storage.Local{}.Remove(ctx, file)
}

// files serves the driver's files to one worker.
type files struct {
	driverFS
	lock    sync.Mutex
	writers map[uint64]storage.Writer
	closed  bool
}

// maxWriters bounds the files that a worker writes at the same time.
const maxWriters = 64

// serve does what a worker asks.
func (f *files) serve(ctx context.Context, r *request, body []byte) message {
	infos, content, err := f.do(ctx, r, body)
	return message{Kind: answer, Reply: &reply{ID: r.ID, Infos: infos, Error: remote(err)}, body: content}
}

func (f *files) do(ctx context.Context, r *request, body []byte) (infos []storage.Info, content []byte, err error) {
	switch r.Do {
	case statFile:
		info, err := f.Stat(ctx, r.Name)
		return []storage.Info{info}, nil, err
	case listFolder:
		infos, err = f.List(ctx, r.Name)
		return infos, nil, err
	case readFile:
		content, err = f.read(ctx, r)
		return nil, content, err
	case removeFile:
		return nil, nil, f.Remove(ctx, r.Name)
	case createFile:
		return nil, nil, f.create(ctx, r)
	case writeFile, commitFile, closeFile:
		return nil, nil, f.finish(r, body)
	}
	return nil, nil, fmt.Errorf("the driver cannot %.20q files", string(r.Do))
}

func (f *files) read(ctx context.Context, r *request) ([]byte, error) {
	if r.Length < 0 || r.Length > maxBody || r.Offset < 0 {
		return nil, fmt.Errorf("%s: %d bytes at %d cannot be read at once", r.Name, r.Length, r.Offset)
	}
	file, err := f.Open(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content := make([]byte, r.Length)
	n, err := file.ReadAt(content, r.Offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return content[:n], err
}

func (f *files) create(ctx context.Context, r *request) error {
	w, err := f.Create(ctx, r.Name)
	if err != nil {
		return err
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.closed || f.writers[r.ID] != nil || len(f.writers) >= maxWriters {
		return errors.Join(fmt.Errorf("%s: too many files at once", r.Name), w.Close())
	}
	f.writers[r.ID] = w
	return nil
}

// finish writes to a file that was created, or ends it.
func (f *files) finish(r *request, body []byte) error {
	f.lock.Lock()
	w := f.writers[r.Writer]
	if r.Do != writeFile {
		delete(f.writers, r.Writer)
	}
	f.lock.Unlock()
	switch {
	case w == nil && r.Do == closeFile:
		return nil
	case w == nil:
		return fmt.Errorf("%s: %w", r.Name, fs.ErrClosed)
	case r.Do == closeFile:
		return w.Close()
	case r.Do == commitFile:
		return w.Commit()
	}
	_, err := w.Write(body)
	return err
}

// close discards what the worker has not committed.
func (f *files) close() {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.closed = true
	for id, w := range f.writers {
		_ = w.Close()
		delete(f.writers, id)
	}
}

// remoteError is an error of the driver's storage on a worker.
type remoteError struct {
	Text  string `json:"text"`
	Class string `json:"class,omitempty"`
}

// classes are the errors that are told apart by their kind.
var classes = map[string]error{
	"not exist":   fs.ErrNotExist,
	"permission":  fs.ErrPermission,
	"closed":      fs.ErrClosed,
	"unsupported": errors.ErrUnsupported,
	"full":        syscall.ENOSPC,
}

func remote(err error) *remoteError {
	if err == nil {
		return nil
	}
	r := &remoteError{Text: err.Error()}
	for class, is := range classes {
		if errors.Is(err, is) {
			r.Class = class
		}
	}
	return r
}

func (e *remoteError) Error() string { return e.Text }

func (e *remoteError) Unwrap() error { return classes[e.Class] }
