package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// FS is one storage system. Names are passed to it as the user wrote them, scheme
// included. Its errors name the file and wrap [fs.ErrNotExist] and
// [errors.ErrUnsupported] where they apply. It is safe for concurrent use.
type FS interface {
	// Open opens a file for reading.
	Open(ctx context.Context, name string) (File, error)
	// Create starts a new file; missing folders on the way are made.
	Create(ctx context.Context, name string) (Writer, error)
	// List returns what is directly in a folder, sorted by name.
	List(ctx context.Context, dir string) ([]Info, error)
	// Stat describes a file or folder.
	Stat(ctx context.Context, name string) (Info, error)
	// Remove removes a file or an empty folder.
	Remove(ctx context.Context, name string) error
}

// File is an open file: reads at any place, by any number of goroutines at once.
type File interface {
	io.ReaderAt
	io.Closer
	// Size returns the length in bytes.
	Size() int64
}

// Writer writes a file that appears under its name at Commit.
type Writer interface {
	io.Writer
	// Commit makes what was written durable and visible, in place of an older
	// file of that name. It ends the Writer.
	Commit() error
	// Close discards the file, leaving nothing behind; after Commit it does
	// nothing. A deferred Close is how a failed write cleans up.
	Close() error
}

// Info describes a file or folder.
type Info struct {
	Name     string    // as [Open] takes it
	Size     int64     // in bytes; 0 for a folder
	Modified time.Time // zero where unknown
	Dir      bool
}

var (
	web = &HTTP{}
	s3  = &S3{}
)

// schemes lists the storage systems by the scheme of their URLs.
var schemes = map[string]FS{
	"file":  Local{},
	"hdfs":  &HDFS{},
	"http":  web,
	"https": web,
	"s3":    s3,
	"s3a":   s3, // as Spark's users write
	"s3n":   s3,
}

type fsKey struct{ scheme string }

// WithFS returns a context in which names of the given scheme go to fsys. "file"
// stands for plain paths too. Tests use it to inject faults.
func WithFS(ctx context.Context, scheme string, fsys FS) context.Context {
	return context.WithValue(ctx, fsKey{scheme}, fsys)
}

// Scheme returns the scheme of a URL in lower case; "file" for a plain path.
func Scheme(name string) string {
	scheme, _, ok := strings.Cut(name, "://")
	if !ok || scheme == "" || strings.ContainsAny(scheme, `/\?*[ `) {
		return "file"
	}
	return strings.ToLower(scheme)
}

// Find returns the storage system that a name belongs to.
func Find(ctx context.Context, name string) (FS, error) {
	scheme := Scheme(name)
	if fsys, ok := ctx.Value(fsKey{scheme}).(FS); ok {
		return fsys, nil
	}
	if fsys, ok := schemes[scheme]; ok {
		return fsys, nil
	}
	known := strings.Join(slices.Sorted(maps.Keys(schemes)), ", ")
	return nil, fmt.Errorf("%s: no storage for %s:// (want a path or one of %s): %w", name, scheme, known, errors.ErrUnsupported)
}

// Open opens a file for reading at any place.
func Open(ctx context.Context, name string) (File, error) {
	fsys, err := Find(ctx, name)
	if err != nil {
		return nil, err
	}
	return fsys.Open(ctx, name)
}

// Reader reads f from its start to its end.
func Reader(f File) *io.SectionReader { return io.NewSectionReader(f, 0, f.Size()) }

// ReadFile returns the whole content of a file.
func ReadFile(ctx context.Context, name string) ([]byte, error) {
	f, err := Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, f.Size())
	if _, err := io.ReadFull(Reader(f), b); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}

// Stat describes a file or folder.
func Stat(ctx context.Context, name string) (Info, error) {
	fsys, err := Find(ctx, name)
	if err != nil {
		return Info{}, err
	}
	return fsys.Stat(ctx, name)
}

// List returns what is directly in a folder, sorted by name.
func List(ctx context.Context, dir string) ([]Info, error) {
	fsys, err := Find(ctx, dir)
	if err != nil {
		return nil, err
	}
	return fsys.List(ctx, dir)
}

// Remove removes a file or an empty folder.
func Remove(ctx context.Context, name string) error {
	fsys, err := Find(ctx, name)
	if err != nil {
		return err
	}
	return fsys.Remove(ctx, name)
}
