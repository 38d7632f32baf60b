package worker

import (
	"context"
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

// signaled returns a context that is canceled by SIGTERM and SIGINT. Unless end
// is called within the grace after it was canceled, the process ends.
func signaled() (ctx context.Context, cancel context.CancelCauseFunc, end func()) {
	signal.Ignore(syscall.SIGPIPE) // a broken pipe is an error, not the end
	ctx, cancel = context.WithCancelCause(context.Background())
	signals, ended := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		select {
		case s := <-signals:
			cancel(fmt.Errorf("the worker was told to stop (%v)", s))
		case <-ctx.Done():
		case <-ended:
			return
		}
		select {
		case <-time.After(grace):
			fmt.Fprintln(os.Stderr, "ember: the task did not stop in time:", context.Cause(ctx))
			os.Exit(1)
		case <-ended:
		}
	}()
	return ctx, cancel, func() {
		signal.Stop(signals)
		close(ended)
		cancel(nil)
	}
}

// settle finds out about this machine.
func (t *Task) settle() {
	t.Host, _ = os.Hostname()
	memory, err := memoryLimit(os.Getenv, cgroup.Root, addressSpace(), t.neighbors())
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
