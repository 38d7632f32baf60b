package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/emberml/ember/frame"
)

// Handler does the work of one task. The context is canceled when Spark kills
// the task, or whatever started the process is gone: the handler then has a few
// seconds to clean up. An error fails the task and is what Spark shows.
type Handler func(ctx context.Context, t *Task) error

// Context is what Spark tells a task about itself.
type Context struct {
	Stage         int               `json:"stage"`
	Partition     int               `json:"partition"`
	Attempt       int               `json:"attempt"`       // stays 0 when a barrier stage is retried
	TaskAttemptID int64             `json:"taskAttemptId"` // unique in the application
	CPUs          int               `json:"cpus"`          // spark.task.cpus
	Barrier       bool              `json:"barrier"`
	Addresses     []string          `json:"addresses"`  // host:port of the executors of a barrier stage, by partition; only the hosts are of use
	Properties    map[string]string `json:"properties"` // the job's local properties
	FilesDir      string            `json:"filesDir"`   // where Spark puts files
	Spark         string            `json:"spark"`      // version; "" from 4.3 on where the executor does not say
}

// Task is one task of Spark: one partition's rows in, rows out. Its methods may
// be used from several goroutines only where they say so.
type Task struct {
	Context
	// Host is the name of this machine.
	Host string
	// Memory is the number of bytes that this process should stay within, 0 if
	// nothing bounds it. The Go runtime's limit is set to it already. What a
	// control group leaves is shared by all workers that the executor may run.
	Memory int64

	message json.RawMessage
	input   *bufio.Reader
	direct  bool // rows are wrapped in a struct, as Spark itself sends them
	reader  *frame.Reader
	inErr   error
	output  io.Writer
	begin   func() error // before the first byte of output
	writer  *frame.Writer
	meet    meeting
}

// meeting reaches the JVM's server for barriers.
type meeting interface {
	// barrier waits for all tasks of the stage.
	barrier(ctx context.Context) error
	// allGather gives a message and gets those of all tasks, by partition.
	allGather(ctx context.Context, message string) ([]string, error)
}

var errNoBarrier = errors.New("the task is not in a barrier stage")

// Message is the JSON that the driver gave to Command. It may hold secrets.
func (t *Task) Message() json.RawMessage { return t.message }

// Next returns the next batch of the partition's rows; io.EOF after the last.
func (t *Task) Next() (*frame.Frame, error) {
	if t.inErr != nil {
		return nil, t.inErr
	}
	f, err := t.next()
	if t.inErr = err; err != nil && err != io.EOF {
		t.inErr = fmt.Errorf("rows of partition %d: %w", t.Partition, err)
	}
	return f, t.inErr
}

func (t *Task) next() (*frame.Frame, error) {
	if t.reader == nil {
		_, err := t.input.Peek(1)
		if err == io.EOF && !t.direct {
			return nil, io.EOF // the starter sends no stream for a partition without batches
		}
		if t.reader, err = frame.NewReader(t.input, frame.ReaderOptions{}); err != nil {
			return nil, err
		}
	}
	f, err := t.reader.Next()
	if err != nil || !t.direct {
		return f, err
	}
	return f.Unwrap()
}

// Write gives rows back to Spark. They must have the schema of the command, and
// all frames the same. Unless Write is called, the task has no rows.
func (t *Task) Write(f *frame.Frame) error {
	if t.direct {
		f = f.Wrap("_0")
	}
	if t.writer == nil {
		if err := t.begin(); err != nil {
			return err
		}
		t.writer = frame.NewWriter(t.output, f.Schema())
	}
	return t.writer.Write(f)
}

// Barrier waits until all tasks of the stage have called it. It takes about a
// second; any goroutine may call it, one at a time.
func (t *Task) Barrier(ctx context.Context) error {
	if !t.Context.Barrier {
		return errNoBarrier
	}
	if err := t.meet.barrier(ctx); err != nil {
		return fmt.Errorf("barrier of %s: %w", t, err)
	}
	return nil
}

// AllGather gives a message to all tasks of the stage and returns those of all,
// by partition. It takes about a second; any goroutine may call it, one at a time.
func (t *Task) AllGather(ctx context.Context, message string) ([]string, error) {
	if !t.Context.Barrier {
		return nil, errNoBarrier
	}
	messages, err := t.meet.allGather(ctx, message)
	if err != nil {
		return nil, fmt.Errorf("allGather of %s: %w", t, err)
	}
	return messages, nil
}

// String names the task as an error should: "partition 1 of stage 3 on host-7".
func (t *Task) String() string {
	return fmt.Sprintf("partition %d of stage %d on %s", t.Partition, t.Stage, t.Host)
}

// Format prints String for every verb, so that printing a task does not show
// its message.
func (t *Task) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, t.String()) }

// run calls the handler; a panic in it is an error, with the stack in the log.
func (t *Task) run(ctx context.Context, handle Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "%s\n", debug.Stack())
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return handle(ctx, t)
}

// close ends the output, if there is any.
func (t *Task) close() error {
	if t.writer == nil {
		return nil
	}
	return t.writer.Close()
}

// drain reads what the handler left of the input.
func (t *Task) drain() error {
	for {
		if _, err := t.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
