package storage

import (
	"context"
	"io"
)

const (
	aheadBlock  = 512 << 10
	aheadBlocks = 3 // in memory: one that is read from, the others on their way
)

// await returns what f returns, or the cause of ctx's end if that comes first. It is for
// calls that know no context but end by their own deadlines; f then ends by itself.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := f()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// aheadReader reads on while its user is busy with what came before.
type aheadReader struct {
	ctx    context.Context
	cancel context.CancelFunc
	blocks chan block
	free   chan []byte
	buffer []byte // of the block that is read from
	rest   block  // what is left of it
}

type block struct {
	bytes []byte
	err   error // after them
}

// readAhead returns the next n bytes of r, which it closes at their end or after
// its own Close. Waiting for them ends with ctx.
func readAhead(ctx context.Context, r io.ReadCloser, n int64) io.ReadCloser {
	a := &aheadReader{blocks: make(chan block), free: make(chan []byte, aheadBlocks)}
	a.ctx, a.cancel = context.WithCancel(ctx)
	size := min(n, aheadBlock)
	for range min(aheadBlocks, (n+aheadBlock-1)/aheadBlock) {
		a.free <- make([]byte, size)
	}
	go a.fill(r, n)
	return a
}

func (a *aheadReader) fill(r io.ReadCloser, n int64) {
	defer r.Close()
	defer close(a.blocks)
	for n > 0 {
		var buf []byte
		select {
		case buf = <-a.free:
		case <-a.ctx.Done():
			return
		}
		buf = buf[:min(int64(cap(buf)), n)]
		k, err := io.ReadFull(r, buf)
		select {
		case a.blocks <- block{buf[:k], err}:
		case <-a.ctx.Done():
			return
		}
		if err != nil {
			return
		}
		n -= int64(k)
	}
}

func (a *aheadReader) Read(p []byte) (int, error) {
	for len(a.rest.bytes) == 0 {
		if a.rest.err != nil {
			return 0, a.rest.err
		}
		if a.buffer != nil {
			a.free <- a.buffer
			a.buffer = nil
		}
		select {
		case b, ok := <-a.blocks:
			if !ok {
				return 0, io.EOF
			}
			a.rest, a.buffer = b, b.bytes
		case <-a.ctx.Done():
			return 0, context.Cause(a.ctx)
		}
	}
	n := copy(p, a.rest.bytes)
	a.rest.bytes = a.rest.bytes[n:]
	return n, nil
}

func (a *aheadReader) Close() error {
	a.cancel()
	return nil
}
