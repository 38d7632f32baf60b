package storage

import (
	"context"
	"fmt"
	"io"
)

// SpaceError says that a file did not fit on its disk or into its quota.
type SpaceError struct {
	File    string
	Written int64 // bytes that fitted
	Needed  int64 // bytes that the file has; where that was not told, those known so far
	Err     error
}

// Error returns one line that says how much space is missing.
func (e *SpaceError) Error() string {
	free := "free some space"
	if missing := e.Needed - e.Written; missing > 0 {
		free = fmt.Sprintf("free %d bytes", missing)
	}
	return fmt.Sprintf("write %s: no space left after %d of %d bytes: %s or write elsewhere", e.File, e.Written, e.Needed, free)
}

// Unwrap returns the system's error.
func (e *SpaceError) Unwrap() error { return e.Err }

// Create starts a new file of the given size in bytes, 0 where it is not known
// yet; the size serves error messages only. The file appears under its name at
// Commit.
func Create(ctx context.Context, name string, size int64) (Writer, error) {
	fsys, err := Find(ctx, name)
	if err != nil {
		return nil, err
	}
	w, err := fsys.Create(ctx, name)
	if err != nil {
		return nil, explainSpace(err, name, 0, size)
	}
	return &countedWriter{Writer: w, name: name, size: size}, nil
}

// Write creates a file of the given size (0: not known yet) whose content fill
// writes. If fill or the storage fails, nothing of it stays.
func Write(ctx context.Context, name string, size int64, fill func(io.Writer) error) error {
	w, err := Create(ctx, name, size)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := fill(w); err != nil {
		return err
	}
	return w.Commit()
}

// WriteFile creates a file that holds data.
func WriteFile(ctx context.Context, name string, data []byte) error {
	return Write(ctx, name, int64(len(data)), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// countedWriter turns a full disk into a SpaceError, whatever the system.
type countedWriter struct {
	Writer
	name          string
	size, written int64
}

func (w *countedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.written += int64(n)
	return n, explainSpace(err, w.name, w.written, max(w.size, w.written+int64(len(p)-n)))
}

func (w *countedWriter) Commit() error {
	return explainSpace(w.Writer.Commit(), w.name, w.written, max(w.size, w.written))
}

// ExplainSpace returns err as a [*SpaceError] if it says that a disk or quota is
// full, else as it is: for files that are written past this package.
func ExplainSpace(err error, name string, written, needed int64) error {
	return explainSpace(err, name, written, needed)
}

func explainSpace(err error, name string, written, needed int64) error {
	if err == nil || !isDiskFull(err) {
		return err
	}
	return &SpaceError{File: name, Written: written, Needed: needed, Err: err}
}
