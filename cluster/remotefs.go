package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/emberml/ember/storage"
)

// remoteFS is the driver's files on a worker: the scheme driver:.
type remoteFS struct {
	link *link

	lock    sync.Mutex
	last    uint64                   // number of a request
	waiting map[uint64]chan *message // for its answer
	down    error                    // why there are no more answers
}

func newRemoteFS(l *link) *remoteFS { return &remoteFS{link: l, waiting: map[uint64]chan *message{}} }

// call asks the driver and waits for the answer: the link's own deadline bounds
// that.
func (r *remoteFS) call(ctx context.Context, q request, body []byte) (*message, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s %s: %w", q.Do, q.Name, context.Cause(ctx))
	}
	answer := make(chan *message, 1)
	r.lock.Lock()
	if r.down != nil {
		r.lock.Unlock()
		return nil, r.down
	}
	r.last++
	q.ID = r.last
	r.waiting[q.ID] = answer
	r.lock.Unlock()
	defer func() {
		r.lock.Lock()
		delete(r.waiting, q.ID)
		r.lock.Unlock()
	}()
	if err := r.link.send(message{Kind: ask, Request: &q, body: body}); err != nil {
		return nil, fmt.Errorf("%s %s: the driver is lost: %w", q.Do, q.Name, err)
	}
	select {
	case m, ok := <-answer:
		if !ok {
			return nil, r.down
		}
		if m.Reply.Error != nil {
			return nil, m.Reply.Error
		}
		return m, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%s %s: %w", q.Do, q.Name, context.Cause(ctx))
	}
}

// hear gives an answer to who waits for it.
func (r *remoteFS) hear(m *message) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if answer := r.waiting[m.Reply.ID]; answer != nil {
		answer <- m
		delete(r.waiting, m.Reply.ID)
	}
}

// end fails what waits and what comes.
func (r *remoteFS) end(cause error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.down = fmt.Errorf("the driver is lost: %w", cause)
	for id, answer := range r.waiting {
		close(answer)
		delete(r.waiting, id)
	}
}

func (r *remoteFS) Stat(ctx context.Context, name string) (storage.Info, error) {
	m, err := r.call(ctx, request{Do: statFile, Name: name}, nil)
	if err != nil {
		return storage.Info{}, err
	}
	if len(m.Reply.Infos) != 1 {
		return storage.Info{}, fmt.Errorf("%w: stat %s", errFrame, name)
	}
	return m.Reply.Infos[0], nil
}

func (r *remoteFS) List(ctx context.Context, dir string) ([]storage.Info, error) {
	m, err := r.call(ctx, request{Do: listFolder, Name: dir}, nil)
	if err != nil {
		return nil, err
	}
	return m.Reply.Infos, nil
}

func (r *remoteFS) Remove(ctx context.Context, name string) error {
	_, err := r.call(ctx, request{Do: removeFile, Name: name}, nil)
	return err
}

func (r *remoteFS) Open(ctx context.Context, name string) (storage.File, error) {
	info, err := r.Stat(ctx, name)
	if err != nil {
		return nil, err
	}
	if info.Dir {
		return nil, fmt.Errorf("open %s: is a folder, not a file", name)
	}
	return &remoteFile{r, context.WithoutCancel(ctx), info}, nil
}

// remoteFile reads a file of the driver piece by piece.
type remoteFile struct {
	fs   *remoteFS
	ctx  context.Context //nolint:containedctx // of reads, which have none of their own
	info storage.Info
}

func (f *remoteFile) Size() int64 { return f.info.Size }

func (f *remoteFile) Close() error { return nil }

func (f *remoteFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("read before the start of " + f.info.Name)
	}
	done := 0
	for done < len(p) {
		m, err := f.fs.call(f.ctx, request{Do: readFile, Name: f.info.Name, Offset: off + int64(done), Length: min(len(p)-done, maxBody)}, nil)
		if err != nil {
			return done, err
		}
		if len(m.body) == 0 {
			return done, io.EOF
		}
		done += copy(p[done:], m.body)
	}
	return done, nil
}

func (r *remoteFS) Create(ctx context.Context, name string) (storage.Writer, error) {
	m, err := r.call(ctx, request{Do: createFile, Name: name}, nil)
	if err != nil {
		return nil, err
	}
	return &remoteWriter{fs: r, ctx: context.WithoutCancel(ctx), name: name, writer: m.Reply.ID}, nil
}

// remoteWriter writes a file of the driver piece by piece.
type remoteWriter struct {
	fs     *remoteFS
	ctx    context.Context //nolint:containedctx // of writes, which have none of their own
	name   string
	writer uint64
}

func (w *remoteWriter) call(do operation, body []byte) error {
	_, err := w.fs.call(w.ctx, request{Do: do, Name: w.name, Writer: w.writer}, body)
	return err
}

func (w *remoteWriter) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n := min(len(p)-done, maxBody)
		if err := w.call(writeFile, p[done:done+n]); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

func (w *remoteWriter) Commit() error { return w.call(commitFile, nil) }

func (w *remoteWriter) Close() error { return w.call(closeFile, nil) }
