package storage

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// maxStreams is how many readers in sequence one open file serves without a
// request for each read: as many as columns of a table are read side by side.
const maxStreams = 4

// rangedFile reads ranges of a file that is elsewhere. A read that starts where
// an earlier one ended makes or takes up a stream to the end of the file, so that
// reads in sequence need one request and what follows is on its way meanwhile.
type rangedFile struct {
	name   string // for errors
	size   int64
	ctx    context.Context // of all requests
	cancel context.CancelFunc
	// open returns the bytes from…to-1.
	open func(ctx context.Context, from, to int64) (io.ReadCloser, error)

	mu      sync.Mutex
	closed  bool
	streams []stream // the oldest first
}

// stream is a place in the file where a read has ended.
type stream struct {
	at   int64
	body io.ReadCloser // what follows, to the end of the file; nil where nothing was asked for yet
}

func (s stream) close() {
	if s.body != nil {
		s.body.Close()
	}
}

// Size returns the length in bytes.
func (f *rangedFile) Size() int64 { return f.size }

// ReadAt reads as [io.ReaderAt] says.
func (f *rangedFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read %s: negative offset %d", f.name, off)
	}
	if off >= f.size || len(p) == 0 {
		return 0, eofIf(off >= f.size)
	}
	want := p[:min(int64(len(p)), f.size-off)]
	n, err := f.read(want, off)
	if err != nil {
		if cause := context.Cause(f.ctx); cause != nil {
			err = cause
		}
		return n, fmt.Errorf("read %s at %d: %w", f.name, off+int64(n), err)
	}
	return n, eofIf(n < len(p))
}

func eofIf(end bool) error {
	if end {
		return io.EOF
	}
	return nil
}

func (f *rangedFile) read(p []byte, off int64) (n int, err error) {
	s, sequence := f.take(off)
	if s.body != nil {
		n, err = io.ReadFull(s.body, p)
		if err == nil {
			f.keep(stream{off + int64(n), s.body})
			return n, nil
		}
		s.close() // a server ends streams that were idle for long: once more, from here
		off += int64(n)
	}
	end := off + int64(len(p)-n)
	to := end
	if sequence {
		to = f.size
	}
	body, err := f.open(f.ctx, off, to)
	if err != nil {
		return n, err
	}
	m, err := io.ReadFull(body, p[n:])
	if err != nil {
		body.Close()
		return n + m, err
	}
	if !sequence {
		body.Close()
		body = nil
	}
	f.keep(stream{end, body})
	return n + m, nil
}

// take removes the stream that stands at off; ok is false if no read ended there.
func (f *rangedFile) take(off int64) (s stream, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, s := range f.streams {
		if s.at == off {
			f.streams = append(f.streams[:i], f.streams[i+1:]...)
			return s, true
		}
	}
	return stream{}, false
}

// keep keeps a stream for the read that follows, in place of the oldest.
func (f *rangedFile) keep(s stream) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || s.at >= f.size {
		s.close()
		return
	}
	if len(f.streams) == maxStreams {
		f.streams[0].close()
		f.streams = f.streams[1:]
	}
	f.streams = append(f.streams, s)
}

// Close ends all requests.
func (f *rangedFile) Close() error {
	f.cancel()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for _, s := range f.streams {
		s.close()
	}
	f.streams = nil
	return nil
}
