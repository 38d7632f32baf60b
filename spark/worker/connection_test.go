package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/frame"
)

const secret = "the executor's secret"

// executor plays the JVM at the other end of a worker's connection.
type executor struct {
	t *testing.T
	net.Conn
	r    *wire
	b    *bufio.Reader
	file string // of the tasks
}

func newExecutor(t *testing.T, conn net.Conn) *executor {
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	t.Cleanup(func() { _ = conn.Close() })
	b := bufio.NewReader(conn)
	return &executor{t, conn, &wire{r: b}, b, ""}
}

func (e *executor) send(fields ...any) {
	e.t.Helper()
	if _, err := e.Write(newWriter().put(fields...).Bytes()); err != nil {
		e.t.Fatal(err)
	}
}

// expect reads numbers.
func (e *executor) expect(what string, want ...int) {
	e.t.Helper()
	for _, n := range want {
		if got := e.r.integer(); e.r.err != nil || got != n {
			e.t.Fatalf("%s: %d, %v, want %d", what, got, e.r.err, n)
		}
	}
}

// admit is the handshake with a worker that listens.
func (e *executor) admit() (pid int) {
	e.t.Helper()
	pid = e.r.integer()
	e.send(secret)
	if answer := e.r.text(); answer != "ok" {
		e.t.Fatalf("the worker answers %q, %v", answer, e.r.err)
	}
	return pid
}

// task sends a task of Spark 4.3 with the rows 0 to n-1.
func (e *executor) task(do string, n int) {
	e.t.Helper()
	var b bytes.Buffer
	b.Write(taskHeader(e.t, order{Do: do, Secret: "hush-hush", File: e.file}))
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i)
	}
	f, err := frame.New(frame.Schema{{Name: "id", Type: frame.Type{Kind: frame.Int64}}}, frame.Of(ids))
	if err != nil {
		e.t.Fatal(err)
	}
	f = f.Wrap("_0")
	w := frame.NewWriter(&b, f.Schema())
	if err := w.Write(f); err != nil {
		e.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		e.t.Fatal(err)
	}
	b.Write(newWriter().put(endOfStream).Bytes())
	if _, err := e.Write(b.Bytes()); err != nil {
		e.t.Fatal(err)
	}
}

func taskHeader(t *testing.T, o order) []byte {
	message, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	command, err := Command(Payload{Message: message, Schema: schemaJSON})
	if err != nil {
		t.Fatal(err)
	}
	return headerOf(t, "4.3.0", mapInArrow, false, command)
}

// rows reads the output of a task.
func (e *executor) rows() []string {
	e.t.Helper()
	e.expect("begin of rows", startOfArrow)
	r, err := frame.NewReader(e.b, frame.ReaderOptions{})
	if err != nil {
		e.t.Fatal(err)
	}
	var got []string
	for {
		f, err := r.Next()
		if err == io.EOF {
			return got
		} else if err != nil {
			e.t.Fatal(err)
		}
		if f, err = f.Unwrap(); err != nil {
			e.t.Fatal(err)
		}
		for i, n := range frame.Values[int64](f.Column(0)) {
			got = append(got, f.Column(1).String(i)+" "+strconv.FormatInt(n, 10))
		}
	}
}

// end reads the end of a task; last is the worker's word on whether it may be used again.
func (e *executor) end(last int) {
	e.t.Helper()
	e.expect("timing", timingData)
	for range 6 {
		e.r.int64()
	}
	e.expect("end", endOfData, 0, last)
}

// startDaemon starts the test's binary as a daemon of Spark.
func startDaemon(t *testing.T, env ...string) (stdin io.WriteCloser, stdout *wire, wait func() error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-m", daemonModule, workerModule)
	cmd.Env = append(append(os.Environ(), "PYTHON_WORKER_FACTORY_SECRET="+secret, "SPARK_REUSE_WORKER=1"), env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return stdin, &wire{r: out}, cmd.Wait
}

func dialDaemon(t *testing.T, port int) *executor {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	return newExecutor(t, conn)
}

func TestDaemon(t *testing.T) {
	stdin, stdout, wait := startDaemon(t)
	port := stdout.integer()

	stranger := dialDaemon(t, port)
	stranger.r.int32()
	stranger.send("not the secret")
	if _, err := stranger.b.ReadByte(); err == nil {
		t.Error("a stranger was answered")
	}

	e := dialDaemon(t, port)
	pid := e.admit()
	for range 2 {
		e.task("sum", 100)
		if got := e.rows(); len(got) != 1 || got[0] != "sum 4950" {
			t.Errorf("rows %q", got)
		}
		e.end(endOfStream)
	}
	e.task("ignore", 5)
	e.end(endOfStream)

	e.file = filepath.Join(t.TempDir(), "begun")
	e.task("wait", 1) // until the daemon is told to kill it
	awaitFile(t, e.file+".1")
	if _, err := stdin.Write(newWriter().put(-5, pid).Bytes()); err != nil {
		t.Fatal(err)
	}
	e.expect("error", pythonError)
	if text := e.r.text(); !strings.Contains(text, "told to stop") {
		t.Errorf("a killed task says %q, %v", text, e.r.err)
	}

	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := wait(); err != nil {
		t.Errorf("the daemon ends with %v", err)
	}
}

// awaitFile waits until there is a file.
func awaitFile(t *testing.T, name string) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for late := time.After(time.Minute); ; {
		if _, err := os.Stat(name); err == nil {
			return
		}
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("%s did not appear", name)
		}
	}
}

func TestDaemonOnUnixSocket(t *testing.T) {
	dir := t.TempDir()
	stdin, stdout, wait := startDaemon(t, "PYTHON_UNIX_DOMAIN_ENABLED=True", "PYTHON_WORKER_FACTORY_SOCK_DIR="+dir)
	conn, err := net.Dial("unix", stdout.text())
	if err != nil {
		t.Fatal(err)
	}
	e := newExecutor(t, conn)
	e.r.int32()
	e.task("sum", 10)
	if got := e.rows(); len(got) != 1 || got[0] != "sum 45" {
		t.Errorf("rows %q", got)
	}
	e.end(endOfStream)
	_ = stdin.Close()
	if err := wait(); err != nil {
		t.Errorf("the daemon ends with %v", err)
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("the daemon leaves %v", files)
	}
}

// serveHere runs one task in this process.
func serveHere(t *testing.T, env map[string]string) (*executor, <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := newJVM(server, func(key string) string { return env[key] }).serve(handle)
		_ = server.Close()
		done <- err
	}()
	return newExecutor(t, client), done
}

func TestErrors(t *testing.T) {
	for do, want := range map[string]string{
		"fail":    "no such net: lenett",
		"panic":   "panic: lost its way",
		"unknown": `no handler "unknown"`,
	} {
		e, done := serveHere(t, nil)
		e.task(do, 3)
		e.expect("error", pythonError)
		text := e.r.text()
		if !strings.Contains(text, want) || !strings.Contains(text, "partition 1 of stage 3") || strings.Contains(text, "hush") {
			t.Errorf("%s: %q", do, text)
		}
		if do == "fail" && !strings.Contains(text, "before the failure") {
			t.Errorf("the log's end is not in %q", text)
		}
		_ = e.Close()
		if err := <-done; err == nil {
			t.Errorf("%s: the worker has no error", do)
		}
	}
}

// After rows, the Arrow stream ends before the error.
func TestErrorAfterRows(t *testing.T) {
	e, _ := serveHere(t, nil)
	e.task("failLate", 3)
	if got := e.rows(); len(got) != 1 {
		t.Errorf("rows %q", got)
	}
	e.expect("error", pythonError)
	if text := e.r.text(); !strings.Contains(text, "failed after rows") {
		t.Errorf("the error is %q", text)
	}
}

// The JVM's end cancels a task that does not read.
func TestClosedConnectionCancels(t *testing.T) {
	e, done := serveHere(t, nil)
	e.task("wait", 1)
	_ = e.Close()
	select {
	case err := <-done:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the task goes on without Spark")
	}
}

// What is no layout that is known is an error for Spark, not a crash.
func TestUnknownSpark(t *testing.T) {
	e, _ := serveHere(t, nil)
	e.send(0, "ember/1;spark=9.9.9")
	e.expect("error", pythonError)
	if text := e.r.text(); !strings.Contains(text, `"9.9.9"`) {
		t.Errorf("the error is %q", text)
	}
}

// The test's binary stands for Python.
func TestProxy(t *testing.T) {
	t.Setenv("SPARK_REUSE_WORKER", "") // Python without a daemon ends with its task
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	j := newJVM(server, func(key string) string { return map[string]string{pythonEnv: os.Args[0]}[key] })
	e := newExecutor(t, client)
	e.task("sum", 10)
	first := make([]byte, 9) // of the header, read before it was known to be foreign
	if _, err := io.ReadFull(j.r, first); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- j.proxy(first) }()
	if got := e.rows(); len(got) != 1 || got[0] != "sum 45" {
		t.Errorf("rows %q", got)
	}
	e.end(endOfData)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNoPython(t *testing.T) {
	_, err := findPython(func(string) string { return "/nowhere/python3" })
	if err == nil || !strings.Contains(err.Error(), pythonEnv) {
		t.Errorf("error %v", err)
	}
}

func TestRoles(t *testing.T) {
	none := func(string) string { return "" }
	spark := func(string) string { return "x" }
	for _, c := range []struct {
		args string
		env  func(string) string
		is   bool
	}{
		{"train lenet", spark, false},
		{"-m pyspark.daemon pyspark.worker", none, false},
		{"-m pyspark.daemon pyspark.worker", spark, true},
		{"-m pyspark.daemon", spark, true},
		{"-m pyspark.worker", spark, true},
		{"-m ember.worker 3 4", none, true},
		{"-m pyspark.daemon pyspark.sql.worker.plan_data_source_read", spark, true},
		{"-m", spark, false},
	} {
		role, _ := roleOf(strings.Fields(c.args), c.env)
		if (role != nil) != c.is {
			t.Errorf("%s: a worker: %v", c.args, role != nil)
		}
	}
}
