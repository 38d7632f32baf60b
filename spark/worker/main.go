package worker

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/emberml/ember/internal/cgroup"
)

// grace is how long a handler has after its context was canceled; then the
// process ends.
const grace = 5 * time.Second

// What a process was started as: the argument after "-m".
const (
	starterModule    = "ember.worker"     // by starter.py
	connectionModule = "ember.connection" // by our own daemon: the connection is descriptor 3
	daemonModule     = "pyspark.daemon"   // by Spark, with the worker's module behind it except on 3.5
	workerModule     = "pyspark.worker"   // by Spark without a daemon
)

// Main runs the worker and ends the process if Spark, or a Python worker of
// Spark, started it; otherwise it returns at once. Call it first in main,
// before flags are read.
func Main(handle Handler) {
	role, args := roleOf(os.Args[1:], os.Getenv)
	if role == nil {
		return
	}
	if err := role(args, handle); err != nil {
		fmt.Fprintln(os.Stderr, "ember:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// roleOf tells what a process is to do; nil if it is no worker.
func roleOf(args []string, env func(string) string) (func([]string, Handler) error, []string) {
	if len(args) < 2 || args[0] != "-m" {
		return nil, nil
	}
	module, rest := args[1], args[2:]
	switch module {
	case starterModule:
		return runChild, rest
	case connectionModule:
		return runConnection, rest
	}
	if env("PYTHON_WORKER_FACTORY_SECRET") == "" && env("PYTHON_WORKER_FACTORY_SOCK_DIR") == "" && env("PYTHON_WORKER_FACTORY_SOCK_PATH") == "" {
		return nil, nil
	}
	switch {
	case module == daemonModule && (len(rest) == 0 || rest[0] == workerModule):
		return runDaemon, rest
	case module == workerModule:
		return runDialed, rest
	default: // another module's worker, of Python data sources and the like
		return runPython, args
	}
}

// signaled returns a context that is canceled by SIGTERM and SIGINT. When it is
// canceled, the process ends after the grace at the latest.
func signaled() (context.Context, context.CancelCauseFunc) {
	signal.Ignore(syscall.SIGPIPE) // a broken pipe is an error, not the end
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		select {
		case s := <-signals:
			cancel(fmt.Errorf("the worker was told to stop (%v)", s))
		case <-ctx.Done():
		}
	}()
	context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), context.Canceled) {
			return // the task has ended
		}
		time.AfterFunc(grace, func() { os.Exit(1) })
	})
	return ctx, cancel
}

// settle finds out about this machine.
func (t *Task) settle() {
	t.Host, _ = os.Hostname()
	memory, err := memoryLimit(os.Getenv, cgroup.Root, addressSpace())
	if err != nil {
		log.Print(err) // the limit is a help, not a condition
	}
	if t.Memory = memory; memory > 0 {
		debug.SetMemoryLimit(memory)
	}
}

// runPython replaces the work by that of a real Python, with the same arguments
// and pipes.
func runPython(args []string, _ Handler) error {
	python, err := findPython(os.Getenv)
	if err != nil {
		return err
	}
	cmd := command(python, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}
