package storage

import (
	"context"
	"fmt"
	"io"
)

// Mapping is the content of a file as memory that must not be written to.
type Mapping struct {
	// Bytes are the content.
	Bytes   []byte
	release func() error
}

// Close gives the memory back: nothing may use Bytes, or a tensor over it, any
// more. It may be called twice.
func (m *Mapping) Close() error {
	release := m.release
	m.Bytes, m.release = nil, nil
	if release == nil {
		return nil
	}
	return release()
}

// mapper is a File that can show its content as memory without reading it. The
// mapping outlives the file.
type mapper interface{ Map() (*Mapping, error) }

// Map returns the content of a file as memory: mapped, so that pages are read as
// they are used, for files of this machine, else read as a whole.
func Map(ctx context.Context, name string) (*Mapping, error) {
	f, err := Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if m, ok := f.(mapper); ok {
		mapping, err := m.Map()
		if err != nil {
			return nil, fmt.Errorf("map %s: %w", name, err)
		}
		return mapping, nil
	}
	mapping, err := readWhole(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return mapping, nil
}

func readWhole(f File) (*Mapping, error) {
	b := make([]byte, f.Size())
	if _, err := io.ReadFull(Reader(f), b); err != nil {
		return nil, err
	}
	return &Mapping{Bytes: b}, nil
}
