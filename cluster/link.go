package cluster

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// beats is how many signs of life go into the time after which a side that says
// nothing is lost.
const beats = 5

// link is the way between driver and worker, over a connection or a folder. Any
// number of goroutines may send, one receives.
type link struct {
	conn    io.ReadWriteCloser
	r       *bufio.Reader
	silence time.Duration

	sending sync.Mutex
	spoken  bool // the last word is said
	once    sync.Once
	watch   *time.Timer
	closed  chan struct{}
	cause   error // why it was closed, once closed is
}

// newLink makes a link that closes itself when nothing comes for so long.
func newLink(conn io.ReadWriteCloser, silence time.Duration) *link {
	l := &link{conn: conn, r: bufio.NewReaderSize(conn, 64<<10), closed: make(chan struct{})}
	l.expect(silence)
	return l
}

// expect sets how long nothing may come; before anyone else uses the link.
func (l *link) expect(silence time.Duration) {
	if l.watch != nil {
		l.watch.Stop()
	}
	l.silence = silence
	l.watch = time.AfterFunc(silence, func() { l.end(fmt.Errorf("nothing was heard from it for %v", silence)) })
}

// keep sends signs of life until the link ends.
func (l *link) keep() {
	clock := time.NewTicker(max(l.silence/beats, time.Millisecond))
	defer clock.Stop()
	for {
		select {
		case <-clock.C:
			if l.send(message{Kind: beat}) != nil {
				return
			}
		case <-l.closed:
			return
		}
	}
}

func (l *link) send(m message) error {
	frame, err := m.encode()
	if err != nil {
		return err
	}
	l.sending.Lock()
	defer l.sending.Unlock()
	if l.spoken && m.Kind == beat {
		return nil // behind the last word, a folder may be swept already
	}
	l.spoken = l.spoken || m.Kind == done || m.Kind == failed
	if _, err := l.conn.Write(frame); err != nil {
		return l.explain(err)
	}
	return nil
}

// recv returns the next message that is more than a sign of life.
func (l *link) recv() (*message, error) {
	for {
		m, err := readMessage(l.r)
		if err != nil {
			return nil, l.explain(err)
		}
		l.watch.Reset(l.silence)
		if m.Kind != beat {
			return m, nil
		}
	}
}

// explain is why the link was closed from this side, else the error.
func (l *link) explain(err error) error {
	select {
	case <-l.closed:
		return l.cause
	default:
		return err
	}
}

// lost is why the link was closed from this side; nil if it was not.
func (l *link) lost() error { return l.explain(nil) }

// end closes the link; the first cause counts.
func (l *link) end(cause error) {
	l.once.Do(func() {
		l.watch.Stop()
		l.cause = cause
		close(l.closed)
		_ = l.conn.Close()
	})
}

// endWith closes the link at the end of a context. The returned function undoes
// that.
func (l *link) endWith(ctx context.Context) (release func() bool) {
	return context.AfterFunc(ctx, func() { l.end(context.Cause(ctx)) })
}
