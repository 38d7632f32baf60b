package storage

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Local is the file system of this machine: plain paths and file:// URLs.
type Local struct{}

// LocalPath returns the path of a name on this machine; ok is false for a name of
// another storage.
func LocalPath(name string) (path string, ok bool) {
	if Scheme(name) != "file" {
		return "", false
	}
	if !strings.Contains(name, "://") {
		return name, true
	}
	u, err := url.Parse(name)
	if err != nil || (u.Host != "" && u.Host != "localhost") {
		return "", false
	}
	path = u.Path
	if trimmed := strings.TrimPrefix(path, "/"); filepath.VolumeName(trimmed) != "" {
		path = trimmed // file:///C:/data
	}
	return filepath.FromSlash(path), true
}

func localPath(name string) (string, error) {
	path, ok := LocalPath(name)
	if !ok {
		return "", fmt.Errorf("%s: not a file of this machine: want file:///path", name)
	}
	return path, nil
}

// Open opens a file for reading.
func (Local) Open(_ context.Context, name string) (File, error) {
	path, err := localPath(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("open %s: is a folder, not a file", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &localFile{File: f, size: info.Size()}, nil
}

type localFile struct {
	*os.File
	size int64
}

func (f *localFile) Size() int64 { return f.size }

// Map returns the content as memory; see [Map].
func (f *localFile) Map() (*Mapping, error) { return mapFile(f.File, f.size) }

// Create starts a file under a temporary name in the folder where it is to be.
func (Local) Create(ctx context.Context, name string) (Writer, error) {
	path, err := localPath(name)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link stays a link
	}
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("create %s: a folder of that name exists", name)
	case err == nil && !info.Mode().IsRegular():
		return createDevice(path)
	}
	dir, base := filepath.Split(path)
	if dir != "" {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
	}
	temp := filepath.Join(dir, "."+base+"."+rand.Text()[:8]+".tmp")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	return &localWriter{file: f, path: path}, nil
}

// localWriter is a file under a temporary name.
type localWriter struct {
	file *os.File
	path string
	done bool
}

func (w *localWriter) Write(p []byte) (int, error) { return w.file.Write(p) }

func (w *localWriter) Commit() error {
	if w.done {
		return fmt.Errorf("write %s: %w", w.path, fs.ErrClosed)
	}
	err := w.file.Sync()
	if err != nil {
		w.Close()
		return err
	}
	w.done = true
	err = w.file.Close()
	if err == nil {
		err = os.Rename(w.file.Name(), w.path)
	}
	if err != nil {
		os.Remove(w.file.Name())
		return err
	}
	return syncDir(filepath.Dir(w.path))
}

func (w *localWriter) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	return errors.Join(w.file.Close(), os.Remove(w.file.Name()))
}

// deviceWriter writes to what cannot be replaced by renaming: a pipe, a device.
type deviceWriter struct{ file *os.File }

func createDevice(path string) (Writer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &deviceWriter{f}, nil
}

func (w *deviceWriter) Write(p []byte) (int, error) { return w.file.Write(p) }

func (w *deviceWriter) Commit() error { return w.Close() }

func (w *deviceWriter) Close() error {
	if err := w.file.Close(); !errors.Is(err, fs.ErrClosed) {
		return err
	}
	return nil
}

// List returns what is directly in a folder, sorted by name. Temporary files and
// what else starts with a dot are left out.
func (Local) List(_ context.Context, dir string) ([]Info, error) {
	path, err := localPath(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var out []Info
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := os.Stat(filepath.Join(path, e.Name())) // through links
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile, or a dangling link
		}
		if err != nil {
			return nil, err
		}
		out = append(out, localInfo(Join(dir, e.Name()), info))
	}
	slices.SortFunc(out, func(a, b Info) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Stat describes a file or folder.
func (Local) Stat(_ context.Context, name string) (Info, error) {
	path, err := localPath(name)
	if err != nil {
		return Info{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Info{}, err
	}
	return localInfo(name, info), nil
}

func localInfo(name string, info fs.FileInfo) Info {
	i := Info{Name: name, Modified: info.ModTime(), Dir: info.IsDir()}
	if !i.Dir {
		i.Size = info.Size()
	}
	return i
}

// Remove removes a file or an empty folder.
func (Local) Remove(_ context.Context, name string) error {
	path, err := localPath(name)
	if err != nil {
		return err
	}
	return os.Remove(path)
}
