package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
)

const (
	// s3PartSize is how many bytes the first parts of an upload have. There can
	// be 10,000 parts: those after each s3PartGrowth are twice as large, which
	// makes room for 500 GB.
	s3PartSize   = 8 << 20
	s3PartGrowth = 2000
	// s3Buffers parts are in memory at once: one that fills, the others on their way.
	s3Buffers = 4
	// s3AbortTimeout bounds the clearing away after a failure, s3AbortWait is the
	// time before the second call, which doubles s3Aborts times.
	s3AbortTimeout = 30 * time.Second
	s3AbortWait    = 20 * time.Millisecond
	s3Aborts       = 3
)

// s3Upload is an object on its way: in one request if it fits into one part, else
// in parts that are uploaded side by side as they fill.
type s3Upload struct {
	client *s3Client
	at     s3Name
	name   string
	base   context.Context // the caller's
	ctx    context.Context // of the uploading; its cause is the first failure
	cancel context.CancelCauseFunc
	done   bool

	id   string      // of the upload in parts; "" while nothing was sent
	sent int         // number of parts on their way or done
	buf  []byte      // the part that fills
	free chan []byte // buffers that no part is in

	uploads sync.WaitGroup
	mu      sync.Mutex
	parts   []minio.CompletePart
}

func newS3Upload(ctx context.Context, client *s3Client, at s3Name, name string) *s3Upload {
	u := &s3Upload{client: client, at: at, name: name, base: ctx, free: make(chan []byte, s3Buffers)}
	u.ctx, u.cancel = context.WithCancelCause(ctx)
	for range s3Buffers - 1 {
		u.free <- nil // made when it is used
	}
	return u
}

func (u *s3Upload) partSize() int { return s3PartSize << (u.sent / s3PartGrowth) }

func (u *s3Upload) Write(p []byte) (n int, err error) {
	if u.done {
		return 0, fmt.Errorf("write %s: %w", u.name, fs.ErrClosed)
	}
	for n < len(p) {
		room := u.partSize() - len(u.buf)
		if room == 0 {
			if err := u.send(); err != nil {
				return n, err
			}
			continue
		}
		k := min(room, len(p)-n)
		u.buf = append(u.buf, p[n:n+k]...)
		n += k
	}
	if err := u.ctx.Err(); err != nil {
		return n, u.failure()
	}
	return n, nil
}

// failure is what ended the uploading.
func (u *s3Upload) failure() error {
	return u.client.explain(context.Cause(u.ctx), "write", u.name)
}

// send starts the upload of the part that is full and waits for a free buffer.
func (u *s3Upload) send() error {
	if u.id == "" {
		id, err := u.client.NewMultipartUpload(u.ctx, u.at.bucket, u.at.key, minio.PutObjectOptions{})
		if err != nil {
			return u.client.explain(err, "write", u.name)
		}
		u.id = id
	}
	u.sent++
	part, number := u.buf, u.sent
	u.buf = nil
	u.uploads.Go(func() {
		if err := u.upload(part, number); err != nil {
			u.cancel(err)
		}
		u.free <- part[:0]
	})
	select {
	case u.buf = <-u.free:
		if cap(u.buf) < u.partSize() { // once for each buffer and size
			u.buf = make([]byte, 0, u.partSize())
		}
		return nil
	case <-u.ctx.Done():
		return u.failure()
	}
}

func (u *s3Upload) upload(part []byte, number int) error {
	done, err := u.client.PutObjectPart(u.ctx, u.at.bucket, u.at.key, u.id, number,
		bytes.NewReader(part), int64(len(part)), minio.PutObjectPartOptions{})
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts = append(u.parts, minio.CompletePart{PartNumber: number, ETag: done.ETag})
	return nil
}

func (u *s3Upload) Commit() error {
	if u.done {
		return fmt.Errorf("write %s: %w", u.name, fs.ErrClosed)
	}
	if err := u.finish(); err != nil {
		return errors.Join(err, u.Close())
	}
	u.done = true
	u.cancel(nil)
	return nil
}

func (u *s3Upload) finish() error {
	if u.id == "" {
		_, err := u.client.PutObject(u.ctx, u.at.bucket, u.at.key,
			bytes.NewReader(u.buf), int64(len(u.buf)), "", "", minio.PutObjectOptions{})
		return u.client.explain(err, "write", u.name)
	}
	if len(u.buf) > 0 {
		if err := u.send(); err != nil {
			return err
		}
	}
	u.uploads.Wait()
	if u.ctx.Err() != nil {
		return u.failure()
	}
	slices.SortFunc(u.parts, func(a, b minio.CompletePart) int { return a.PartNumber - b.PartNumber })
	_, err := u.client.CompleteMultipartUpload(u.ctx, u.at.bucket, u.at.key, u.id, u.parts, minio.PutObjectOptions{})
	return u.client.explain(err, "write", u.name)
}

func (u *s3Upload) Close() error {
	if u.done {
		return nil
	}
	u.done = true
	u.cancel(fs.ErrClosed)
	u.uploads.Wait()
	if u.id == "" {
		return nil
	}
	return u.client.explain(u.abort(), "abort", u.name)
}

// abort removes the parts. A server may go on with a part whose request was broken
// off, so that it takes several calls until it knows nothing of the upload.
func (u *s3Upload) abort() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(u.base), s3AbortTimeout)
	defer cancel()
	for wait := s3AbortWait; ; wait *= 2 {
		err := u.client.AbortMultipartUpload(ctx, u.at.bucket, u.at.key, u.id)
		if minio.ToErrorResponse(err).Code == minio.NoSuchUpload {
			return nil
		}
		if err != nil || wait > s3AbortWait<<s3Aborts {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
