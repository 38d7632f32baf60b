package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

var errStarterGone = errors.New("the Python worker that started this process is gone")

// runChild is a worker that starter.py started: one task, by pipes.
func runChild(args []string, handle Handler) error {
	if len(args) != 2 {
		return errors.New("ember.worker is started by Spark's Python worker, with two pipes")
	}
	var pipes [2]*os.File
	for i, arg := range args {
		fd, err := strconv.ParseUint(arg, 10, 31)
		if err != nil {
			return fmt.Errorf("the starter's pipe %q: %w", arg, err)
		}
		pipes[i] = os.NewFile(uintptr(fd), "starter")
	}
	if err := wakeAlone(); err != nil {
		return fmt.Errorf("the signal at the starter's end: %w", err)
	}
	stdout := os.Stdout
	os.Stdout = os.Stderr // what a handler prints must not go among the rows
	ctx, cancel, end := signaled()
	defer end()
	return serveChild(ctx, cancel, child{os.Stdin, stdout, pipes[0], pipes[1]}, handle)
}

// child is how a worker reaches starter.py.
type child struct {
	input             io.Reader
	output            io.Writer
	answers, requests *os.File
}

func serveChild(ctx context.Context, cancel context.CancelCauseFunc, c child, handle Handler) error {
	in := bufio.NewReaderSize(c.input, 64<<10)
	w := &wire{r: in}
	hello := w.bytes(2 * maxText)
	if w.err != nil {
		return fmt.Errorf("the starter's message, %w", w.err)
	}
	t := &Task{input: in, begin: func() error { return nil }}
	var m struct {
		Message json.RawMessage
		Context *Context
	}
	m.Context = &t.Context
	if err := json.Unmarshal(hello, &m); err != nil {
		return errors.New("the starter's message is not JSON as expected") // the cause might quote a secret
	}
	t.message = m.Message
	t.settle()

	out := bufio.NewWriterSize(c.output, 64<<10)
	t.output = out
	answers := make(chan []byte)
	go watchStarter(ctx, cancel, c.answers, answers)
	t.meet = &starterMeeting{requests: c.requests, answers: answers}

	err := t.run(ctx, handle)
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = fmt.Errorf("%w (%w)", err, cause)
	}
	if err != nil {
		err = fmt.Errorf("%v: %w", t, err)
	}
	return errors.Join(err, t.close(), out.Flush())
}

// watchStarter passes the answers on, and cancels the task when their pipe ends.
func watchStarter(ctx context.Context, cancel context.CancelCauseFunc, pipe io.Reader, answers chan<- []byte) {
	defer close(answers)
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, maxText)
	for lines.Scan() {
		select {
		case answers <- []byte(lines.Text()):
		case <-ctx.Done():
			return
		}
	}
	cancel(errStarterGone)
}
