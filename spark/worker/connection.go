package worker

import (
	"bufio"
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// handshakeTimeout bounds the first exchange with the JVM.
const handshakeTimeout = 20 * time.Second

// jvm is the connection of a worker to the JVM, for one task after another.
type jvm struct {
	conn net.Conn
	r    *bufio.Reader
	w    sender
	boot time.Time
	env  func(string) string
}

func newJVM(conn net.Conn, env func(string) string) *jvm {
	return &jvm{conn, bufio.NewReaderSize(conn, 64<<10), sender{bufio.NewWriterSize(conn, 64<<10)}, time.Now(), env}
}

// runConnection is a worker that our daemon started: it accepted the connection
// and gave it as descriptor 3.
func runConnection(_ []string, handle Handler) error {
	f := os.NewFile(3, "connection")
	conn, err := net.FileConn(f)
	if err != nil {
		return fmt.Errorf("the daemon's connection: %w", err)
	}
	_ = f.Close()
	j := newJVM(conn, os.Getenv)
	if err := j.accept(os.Getpid()); err != nil {
		return err
	}
	return j.serveAll(handle)
}

// runDialed is a worker that Spark started without a daemon.
func runDialed(_ []string, handle Handler) error {
	network, address := "tcp", net.JoinHostPort("127.0.0.1", os.Getenv("PYTHON_WORKER_FACTORY_PORT"))
	if path := os.Getenv("PYTHON_WORKER_FACTORY_SOCK_PATH"); path != "" {
		network, address = "unix", path
	}
	conn, err := net.DialTimeout(network, address, dialTimeout)
	if err != nil {
		return fmt.Errorf("reach Spark's executor: %w", err)
	}
	j := newJVM(conn, os.Getenv)
	if err := j.present(os.Getpid()); err != nil {
		return err
	}
	return j.serveAll(handle)
}

func (j *jvm) unix() bool { return j.conn.RemoteAddr().Network() == "unix" }

// accept is the handshake of a worker that the JVM dialed.
func (j *jvm) accept(pid int) error {
	_ = j.conn.SetDeadline(time.Now().Add(handshakeTimeout))
	defer j.conn.SetDeadline(time.Time{})
	j.w.int32(pid)
	if err := j.w.Flush(); err != nil || j.unix() {
		return err
	}
	want := []byte(j.env("PYTHON_WORKER_FACTORY_SECRET"))
	w := &wire{r: j.r}
	got := w.bytes(1 << 10)
	if len(want) == 0 || subtle.ConstantTimeCompare(got, want) != 1 {
		return errors.New("a connection without Spark's secret was closed")
	}
	j.w.text("ok")
	return j.w.Flush()
}

// present is the handshake of a worker that dialed the JVM.
func (j *jvm) present(pid int) error {
	_ = j.conn.SetDeadline(time.Now().Add(handshakeTimeout))
	defer j.conn.SetDeadline(time.Time{})
	if !j.unix() {
		if err := authenticate(&wire{r: j.r}, j.w, j.env("PYTHON_WORKER_FACTORY_SECRET")); err != nil {
			return err
		}
	}
	j.w.int32(pid)
	return j.w.Flush()
}

// serveAll runs tasks until Spark has no more for this worker.
func (j *jvm) serveAll(handle Handler) error {
	defer j.conn.Close()
	os.Stdout = os.Stderr // the daemon's output is Spark's protocol
	for {
		if _, err := j.r.Peek(1); err == io.EOF {
			return nil // idle for a minute, or the executor has ended
		}
		reuse, err := j.serve(handle)
		if err != nil || !reuse || j.env("SPARK_REUSE_WORKER") == "" {
			return err
		}
	}
}

// serve runs one task and tells whether the connection may serve another.
func (j *jvm) serve(handle Handler) (reuse bool, err error) {
	var recorded bytes.Buffer
	in := io.TeeReader(j.r, &recorded)
	first := (&wire{r: in}).int32()
	h, err := readHeader(in, first, j.env("PYTHONPATH"))
	if errors.Is(err, errForeign) {
		return false, j.proxy(recorded.Bytes())
	}
	if err == nil && h.encrypted {
		err = errors.New("spark.io.encryption.enabled with broadcast variables is not supported by a worker that is Ember: use executors with Python")
	}
	if err != nil {
		return false, j.fail(fmt.Errorf("ember: %w", err))
	}

	ctx, cancel, end := signaled()
	defer end()
	endLog, err := captureLog()
	if err != nil {
		return false, j.fail(fmt.Errorf("ember: capture the log: %w", err))
	}
	t := j.task(h)
	start := time.Now()
	err = j.work(ctx, cancel, t, handle)
	tail := endLog()
	if err != nil {
		text := fmt.Errorf("ember: %s: %w", t, err)
		if tail != "" {
			text = fmt.Errorf("%w\nthe last log lines of the worker:\n%s", text, tail)
		}
		return false, j.fail(text)
	}
	return j.finish(h.family.timings, start)
}

func (j *jvm) task(h *header) *Task {
	t := &Task{Context: h.Context, direct: true, input: j.r, output: j.w.Writer}
	t.message, _ = message(h.commands[0]) // readHeader has checked it
	t.begin = func() error {
		j.w.int32(startOfArrow)
		return nil
	}
	t.meet = barrierServer{h.connection, len(h.Addresses)}
	t.settle()
	return t
}

// work runs the handler. A canceled context unblocks reading and writing.
func (j *jvm) work(ctx context.Context, cancel context.CancelCauseFunc, t *Task, handle Handler) error {
	go watchClosed(ctx, cancel, j.conn)
	stop := context.AfterFunc(ctx, func() { _ = j.conn.SetDeadline(time.Unix(1, 0)) })
	err := t.run(ctx, handle)
	if err == nil {
		err = t.drain()
	}
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = fmt.Errorf("%w (%w)", err, cause)
	}
	stop()
	return errors.Join(err, t.close())
}

// fail tells Spark an error. Whether output began or not, the Arrow stream has
// been closed, so that Spark reads the error as one.
func (j *jvm) fail(err error) error {
	_ = j.conn.SetDeadline(time.Now().Add(grace))
	j.w.int32(pythonError)
	j.w.text(err.Error())
	if e := j.w.Flush(); e != nil {
		return errors.Join(err, e)
	}
	// Closing with unread input would reset the connection and lose the text.
	if c, ok := j.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, j.r)
	return err
}

// finish sends the times in milliseconds and ends the task.
func (j *jvm) finish(timings int, start time.Time) (reuse bool, err error) {
	end := time.Now()
	j.w.int32(timingData)
	times := []int64{j.boot.UnixMilli(), start.UnixMilli(), end.UnixMilli(), end.Sub(start).Milliseconds()}
	for _, ms := range times[:timings] {
		j.w.int64(ms)
	}
	j.w.int64(0) // bytes spilled from memory
	j.w.int64(0) // and to disk, in Python's own sorts
	j.w.int32(endOfData)
	j.w.int32(0) // accumulators
	if err := j.w.Flush(); err != nil {
		return false, fmt.Errorf("tell Spark the end of the task: %w", err)
	}
	w := &wire{r: j.r}
	if mark := w.int32(); w.err != nil || mark != endOfStream {
		j.w.int32(endOfData) // do not use this worker again
		return false, j.w.Flush()
	}
	j.w.int32(endOfStream)
	return true, j.w.Flush()
}
