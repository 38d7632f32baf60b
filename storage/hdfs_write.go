package storage

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/colinmarc/hdfs/v2"
)

const (
	hdfsWriteBlock = 1 << 20
	// hdfsReplication is how long the datanodes may take to tell the namenode of
	// the last block.
	hdfsReplication = 60 * time.Second
	// hdfsDiscard bounds the clearing away after a failure.
	hdfsDiscard = 30 * time.Second
)

// hdfsWriter is a file under a temporary name.
type hdfsWriter struct {
	ctx              context.Context
	client           *hdfs.Client
	name, path, temp string
	buf              []byte
	failed           error // buf is not ours any more then
	done             bool

	mu    sync.Mutex // held by the call that uses file, for which nobody may be waiting any more
	file  *hdfs.FileWriter
	block int64 // size of a block
	room  int64 // what is left of the present one
}

// use waits for a call about the file.
func (w *hdfsWriter) use(call func() error) error {
	_, err := await(w.ctx, func() (struct{}, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return struct{}{}, call()
	})
	if err != nil {
		w.failed = explainHDFS(err, "write", w.name, w.client.User())
	}
	return w.failed
}

func (w *hdfsWriter) Write(p []byte) (n int, err error) {
	if w.done {
		return 0, fmt.Errorf("write %s: %w", w.name, fs.ErrClosed)
	}
	for len(p) > 0 && w.failed == nil {
		k := min(len(p), hdfsWriteBlock-len(w.buf))
		w.buf = append(w.buf, p[:k]...)
		n, p = n+k, p[k:]
		if len(w.buf) == hdfsWriteBlock {
			w.flush()
		}
	}
	return n, w.failed
}

func (w *hdfsWriter) flush() {
	buf := w.buf
	if w.use(func() error { return w.writeBlocks(buf) }) == nil {
		w.buf = buf[:0]
	}
}

func (w *hdfsWriter) Commit() error {
	if w.done {
		return fmt.Errorf("write %s: %w", w.name, fs.ErrClosed)
	}
	if w.failed == nil && len(w.buf) > 0 {
		w.flush()
	}
	if w.failed == nil {
		w.use(w.complete)
	}
	if w.failed != nil {
		w.Close()
		return w.failed
	}
	w.done = true
	return nil
}

// writeBlocks writes p. At the end of each block the file is closed and appended
// to, because the library cannot start a block when the namenode has not yet heard
// of the one before (NotReplicatedYetException).
func (w *hdfsWriter) writeBlocks(p []byte) error {
	for len(p) > 0 {
		if w.room == 0 {
			err := w.closeFile()
			if err == nil {
				w.file, err = w.client.Append(w.temp) // nil where it fails
			}
			if err != nil {
				return err
			}
			w.room = w.block
		}
		n, err := w.file.Write(p[:min(int64(len(p)), w.room)])
		if err != nil {
			return err
		}
		p, w.room = p[n:], w.room-int64(n)
	}
	return nil
}

// complete closes the file and gives it its name.
func (w *hdfsWriter) complete() error {
	if err := w.closeFile(); err != nil {
		return err
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	return w.client.Rename(w.temp, w.path)
}

// closeFile closes the file and waits for its blocks.
func (w *hdfsWriter) closeFile() error {
	ctx, cancel := context.WithTimeout(w.ctx, hdfsReplication)
	defer cancel()
	err := w.file.Close()
	for wait := 5 * time.Millisecond; hdfs.IsErrReplicating(err); wait = min(2*wait, time.Second) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("the datanodes have not reported the last block: %w", ctx.Err())
		}
		err = w.file.Close()
	}
	return err
}

func (w *hdfsWriter) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), hdfsDiscard)
	defer cancel()
	_, err := await(ctx, func() (struct{}, error) { return struct{}{}, w.client.Remove(w.temp) })
	go func() { // ends the connection to the datanode
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.file != nil {
			w.file.Close()
		}
	}()
	if err != nil {
		return explainHDFS(err, "remove", w.temp, w.client.User())
	}
	return nil
}
