// Package interrupt ends a program's work on SIGINT and SIGTERM.
package interrupt

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
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

// Context returns a context that SIGINT and SIGTERM end; a second signal ends the
// process at once. The returned function ends the context and leaves signals alone
// again.
func Context() (context.Context, func()) {
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
