package connect

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 5 * time.Second
)

// retry calls f again and again while it fails by the connection, for as long as the session has patience.
func (s *Session) retry(ctx context.Context, what string, f func(context.Context) error) error {
	var p pause
	for {
		err := f(ctx)
		if err == nil {
			return nil
		}
		if !transient(err) || !p.wait(ctx, s.patience) {
			return s.fail(ctx, what, err)
		}
	}
}

// transient reports whether the same request may well succeed a little later: the connection was lost, or another request
// took over the stream.
func transient(err error) bool {
	st, _ := status.FromError(err)
	switch st.Code() {
	case codes.Unavailable:
		return !strings.Contains(st.Message(), "tls:") && !strings.Contains(st.Message(), "x509:")
	case codes.Canceled: // by something between us and the server: Spark's own names a class, ours is in the context
		return strings.Contains(st.Message(), "RST_STREAM")
	case codes.Internal:
		return strings.Contains(st.Message(), "INVALID_CURSOR.DISCONNECTED") || strings.Contains(st.Message(), "RST_STREAM")
	}
	return false
}

// pause is the waiting between the attempts at one thing. The zero value has not waited yet.
type pause struct {
	next  time.Duration
	since time.Time
}

// wait waits, each time four times as long as before, and reports false when ctx is done or patience is at its end.
func (p *pause) wait(ctx context.Context, patience time.Duration) bool {
	if p.next == 0 {
		p.next, p.since = firstPause, time.Now()
	}
	if time.Since(p.since) > patience {
		return false
	}
	timer := time.NewTimer(p.next)
	defer timer.Stop()
	p.next = min(4*p.next, longestPause)
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
