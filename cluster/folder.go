package cluster

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/emberml/ember/internal/secure"
	"github.com/emberml/ember/storage"
)

// The pauses between looks into a folder: the longer nothing comes, the longer.
const (
	shortPause = 20 * time.Millisecond
	longPause  = time.Second
)

// maxSegment bounds a file of a folder link, and what waits to be written.
const maxSegment = 4 << 20

// folder is a connection through shared storage: each side writes what it sends as
// numbered files, which the other reads and removes. The files are encrypted and
// authenticated by the job's token (AES-256-GCM, with the file's name as associated
// data), so that who can write to the storage can disturb the job but not join it.
type folder struct {
	ctx      context.Context //nolint:containedctx // of the connection
	cancel   context.CancelFunc
	seal     cipher.AEAD
	in, out  string // beginnings of the files' names
	received int    // files
	rest     []byte // of the last one

	lock    sync.Mutex
	changed *sync.Cond
	waiting []byte // to be written
	err     error  // why nothing can be written any more
	closing bool
	flushed chan struct{} // closed when all is written
}

// openFolder opens the connection of one worker; base is the URL of the job's
// folder.
func openFolder(ctx context.Context, base string, token secure.Token, generation, index int, driver bool) (*folder, error) {
	name := func(direction string) string {
		return storage.Join(base, fmt.Sprintf("g%d-w%d-%s-", generation, index, direction))
	}
	key := token.Proof("folder", []byte(fmt.Sprintf("generation %d worker %d", generation, index)))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	f := &folder{seal: seal, in: name("down"), out: name("up"), flushed: make(chan struct{})}
	if driver {
		f.in, f.out = f.out, f.in
	}
	f.changed = sync.NewCond(&f.lock)
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx)) // Close ends it, when all is written
	go f.flush()
	return f, nil
}

func segment(prefix string, n int) string { return fmt.Sprintf("%s%09d", prefix, n) }

// Read waits for the next file.
func (f *folder) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		content, err := f.next()
		if err != nil {
			return 0, err
		}
		f.rest = content
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *folder) next() ([]byte, error) {
	name := segment(f.in, f.received)
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		sealed, err := readBounded(f.ctx, name, maxSegment+1024)
		if err == nil {
			content, err := f.open(name, sealed)
			if err != nil {
				return nil, err
			}
			f.received++
			return content, storage.Remove(f.ctx, name)
		}
		if !errors.Is(err, fs.ErrNotExist) && f.ctx.Err() == nil {
			return nil, err
		}
		select {
		case <-time.After(pause):
		case <-f.ctx.Done():
			return nil, io.ErrClosedPipe
		}
	}
}

func readBounded(ctx context.Context, name string, limit int64) ([]byte, error) {
	file, err := storage.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if file.Size() > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes", errFrame, name, file.Size())
	}
	b := make([]byte, file.Size())
	_, err = io.ReadFull(storage.Reader(file), b)
	return b, err
}

func (f *folder) open(name string, sealed []byte) ([]byte, error) {
	n := f.seal.NonceSize()
	if len(sealed) < n {
		return nil, fmt.Errorf("%w: %s is too short", errFrame, name)
	}
	content, err := f.seal.Open(nil, sealed[:n], sealed[n:], []byte(storage.Base(name)))
	if err != nil {
		return nil, fmt.Errorf("%w: %s was not written by the job: %w", errFrame, name, err)
	}
	return content, nil
}

// Write keeps the bytes for the next file; it waits while too many do.
func (f *folder) Write(p []byte) (int, error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	for len(f.waiting) > maxSegment && f.err == nil && !f.closing {
		f.changed.Wait()
	}
	switch {
	case f.err != nil:
		return 0, f.err
	case f.closing:
		return 0, io.ErrClosedPipe
	}
	f.waiting = append(f.waiting, p...)
	f.changed.Broadcast()
	return len(p), nil
}

// flush writes what waits, file by file.
func (f *folder) flush() {
	defer close(f.flushed)
	for n := 0; ; n++ {
		content, ok := f.take()
		if !ok {
			return
		}
		name := segment(f.out, n)
		nonce := make([]byte, f.seal.NonceSize(), f.seal.NonceSize()+len(content)+f.seal.Overhead())
		_, _ = rand.Read(nonce) // never fails: it ends the process instead
		err := storage.WriteFile(f.ctx, name, f.seal.Seal(nonce, nonce, content, []byte(storage.Base(name))))
		if err != nil {
			f.lock.Lock()
			f.err = err
			f.changed.Broadcast()
			f.lock.Unlock()
			return
		}
	}
}

// take waits for the next bytes to write; ok is false when all are written.
func (f *folder) take() (content []byte, ok bool) {
	f.lock.Lock()
	defer f.lock.Unlock()
	for len(f.waiting) == 0 {
		if f.closing {
			return nil, false
		}
		f.changed.Wait()
	}
	n := min(len(f.waiting), maxSegment)
	content = f.waiting[:n:n]
	f.waiting = f.waiting[n:]
	f.changed.Broadcast()
	return content, true
}

// Close writes what waits, for a moment, and ends the connection.
func (f *folder) Close() error {
	f.lock.Lock()
	f.closing = true
	f.changed.Broadcast()
	f.lock.Unlock()
	select {
	case <-f.flushed:
	case <-time.After(greetTime):
	}
	f.cancel()
	return nil
}

// sweep removes what is left of a job's folder.
func sweep(ctx context.Context, base string) error {
	if path, ok := storage.LocalPath(base); ok { // with what workers were writing when they were killed
		return os.RemoveAll(path)
	}
	infos, err := storage.List(ctx, base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, info := range infos {
		if err := storage.Remove(ctx, info.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := storage.Remove(ctx, base); err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
