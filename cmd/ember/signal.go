package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// signaled is the cause of a context that a signal ended.
type signaled struct{ os.Signal }

func (s signaled) Error() string { return "interrupted by " + s.Signal.String() }

// interruptible is a context that SIGINT and SIGTERM end; a second signal ends
// the process at once.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(signaled{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// signalOf is the signal that ended the context, if one did.
func signalOf(ctx context.Context) (os.Signal, bool) {
	var s signaled
	if errors.As(context.Cause(ctx), &s) {
		return s.Signal, true
	}
	return nil, false
}
