// Package interrupt ends a program's work on SIGINT and SIGTERM.
package interrupt

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// signaled is the cause of a context that a signal ended.
type signaled struct{ os.Signal }

// Error names the signal as its users do.
func (s signaled) Error() string {
	if s.Signal == syscall.SIGTERM {
		return "interrupted by SIGTERM"
	}
	return "interrupted by SIGINT"
}

// Grace is how long a second signal leaves to those that hold the process.
const Grace = 5 * time.Second

// Context returns a context that SIGINT and SIGTERM end; a second signal ends the
// process at once, or, where somebody holds it, after [Grace] at the latest, or by a
// third. The returned function ends the context and leaves signals alone again.
func Context() (context.Context, func()) {
	h := &holders{hurry: make(chan struct{})}
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), holdersKey{}, h))
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	stopped := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			cancel(signaled{s})
		case <-stopped:
			return
		}
		select {
		case <-signals:
		case <-stopped:
			return
		}
		if h.press() {
			select {
			case <-signals:
			case <-time.After(Grace):
			case <-stopped:
				return
			}
		}
		os.Exit(Code(ctx))
	}()
	return ctx, sync.OnceFunc(func() {
		signal.Stop(signals)
		close(stopped)
		cancel(nil)
	})
}

// holders are those who have something to give back before the process ends.
type holders struct {
	mu    sync.Mutex
	count int
	hurry chan struct{} // closed by the second signal, if there are any
}

type holdersKey struct{}

// press has the holders hurry, and reports whether there are any.
func (h *holders) press() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count > 0 {
		close(h.hurry)
	}
	return h.count > 0
}

// Hold keeps a second signal from ending the process at once, for somebody who has
// something to give back that outlives it: the signal closes hurry, and leaves him
// [Grace]. Of a context that does not come from [Context], hurry is nil.
func Hold(ctx context.Context) (hurry <-chan struct{}, release func()) {
	h, ok := ctx.Value(holdersKey{}).(*holders)
	if !ok {
		return nil, func() {}
	}
	add := func(n int) {
		h.mu.Lock()
		h.count += n
		h.mu.Unlock()
	}
	add(1)
	return h.hurry, sync.OnceFunc(func() { add(-1) })
}

// Code returns the exit code of a process whose context a signal ended, 130 for
// SIGINT and 143 for SIGTERM; 0 if none did.
func Code(ctx context.Context) int {
	var s signaled
	switch {
	case !errors.As(context.Cause(ctx), &s):
		return 0
	case s.Signal == syscall.SIGTERM:
		return 143
	}
	return 130
}
