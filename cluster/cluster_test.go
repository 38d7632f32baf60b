package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/storage"
)

// TestMain makes this test's own program the workers of its clusters.
func TestMain(m *testing.M) {
	cluster.Serve(jobs, functions)
	os.Exit(m.Run())
}

// jobs are what workers do in these tests.
var jobs = cluster.Jobs{
	"sum":   sum,
	"fail":  fail,
	"files": copyFile,
	"wait":  wait,
	"lose":  lose,
	"stay":  stay,
	"exit": func(context.Context, *cluster.Worker) error {
		fmt.Fprintln(os.Stderr, "no way")
		os.Exit(7)
		return nil
	},
}

// sum adds up 1, 2… over the workers.
func sum(ctx context.Context, w *cluster.Worker) error {
	var factor float32
	if err := w.Decode(&factor); err != nil {
		return err
	}
	x := []float32{factor * float32(w.Group.Rank()+1)}
	if err := w.Group.AllReduce(ctx, x); err != nil {
		return err
	}
	w.Report.Event(report.Warning{Message: fmt.Sprint("rank ", w.Group.Rank())})
	fmt.Fprintln(w.Log, "log of rank", w.Group.Rank())
	return w.Result(x[0])
}

type coded struct{ error }

func (coded) ExitCode() int { return 3 }

// fail fails on rank 1; the others wait for it.
func fail(ctx context.Context, w *cluster.Worker) error {
	if w.Group.Rank() == 1 {
		return coded{errors.New("driver://x.csv: no numbers")}
	}
	return w.Group.Barrier(ctx)
}

func copyFile(ctx context.Context, w *cluster.Worker) error {
	var names [2]string
	if err := w.Decode(&names); err != nil {
		return err
	}
	content, err := storage.ReadFile(ctx, names[0])
	if err != nil {
		return err
	}
	if w.Group.Rank() != 0 {
		return w.Group.Barrier(ctx)
	}
	if err := storage.WriteFile(ctx, names[1], content); err != nil {
		return err
	}
	return w.Group.Barrier(ctx)
}

// wait tells its process and waits for the end of its context, or of another worker.
func wait(ctx context.Context, w *cluster.Worker) error {
	if err := w.Result(os.Getpid()); err != nil {
		return err
	}
	over, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go func() {
		<-ctx.Done()
		cancel()
	}()
	<-over.Done()
	if err := w.Group.Barrier(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return errors.New("interrupted after step 5")
}

// stay does not end when it is asked to.
func stay(_ context.Context, w *cluster.Worker) error {
	if err := w.Result(os.Getpid()); err != nil {
		return err
	}
	select {}
}

// lose reports a checkpoint and loses workers in the first generation.
func lose(ctx context.Context, w *cluster.Worker) error {
	if w.Generation > 1 {
		if w.Checkpoint != "step-1" {
			return fmt.Errorf("the checkpoint is %q", w.Checkpoint)
		}
		return w.Result(w.Generation)
	}
	w.Report.Event(report.Checkpoint{Path: "step-1", Step: 1})
	if err := w.Group.Barrier(ctx); err != nil {
		return err
	}
	if err := w.Result(os.Getpid()); err != nil {
		return err
	}
	for { // until the group breaks
		if err := w.Group.Barrier(ctx); err != nil {
			return err
		}
	}
}

// heard gathers what a run tells.
type heard struct {
	lock     sync.Mutex
	events   []report.Event
	log      strings.Builder
	results  map[int]string
	onResult func(rank int, value string)
}

func (h *heard) Event(e report.Event) { h.events = append(h.events, e) }
func (h *heard) Close() error         { return nil }
func (h *heard) Write(p []byte) (int, error) {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.log.Write(p)
}

func (h *heard) warnings() string {
	var all []string
	for _, e := range h.events {
		if w, ok := e.(report.Warning); ok {
			all = append(all, w.Message)
		}
	}
	return strings.Join(all, "\n")
}

// run runs a job, and wants no process of this test's program to be left.
func run(t *testing.T, ctx context.Context, o cluster.Options, job string, args any) (*heard, error) {
	t.Helper()
	h := &heard{results: map[int]string{}}
	return h, h.run(t, ctx, o, job, args)
}

func (h *heard) run(t *testing.T, ctx context.Context, o cluster.Options, job string, args any) error {
	t.Helper()
	o.Report, o.Stderr = h, h
	o.Result = func(rank int, value json.RawMessage) {
		h.results[rank] = string(value)
		if h.onResult != nil {
			h.onResult(rank, string(value))
		}
	}
	err := cluster.Run(ctx, jobs, o, job, args)
	if left := children(t); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
	return err
}

// children are the processes that this one has started.
func children(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range files {
		text, _ := os.ReadFile(f) // a thread that has ended has none
		all = append(all, strings.Fields(string(text))...)
	}
	return all
}

func TestSum(t *testing.T) {
	for _, c := range []struct {
		cluster string
		want    map[int]string
	}{{"local", map[int]string{0: "2"}}, {"local:1", map[int]string{0: "2"}}, {"local:3", map[int]string{0: "12", 1: "12", 2: "12"}}} {
		h, err := run(t, t.Context(), cluster.Options{Cluster: c.cluster}, "sum", 2)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(h.results) != fmt.Sprint(c.want) {
			t.Errorf("%s: results %v, want %v", c.cluster, h.results, c.want)
		}
		if h.warnings() != "rank 0" || h.log.String() != "log of rank 0\n" {
			t.Errorf("%s: events %v, log %q", c.cluster, h.events, h.log.String())
		}
	}
}

func TestJobFails(t *testing.T) {
	_, err := run(t, t.Context(), cluster.Options{Cluster: "local:3"}, "fail", nil)
	var e *cluster.JobError
	if !errors.As(err, &e) || e.Rank != 1 || e.Code != 3 || err.Error() != "x.csv: no numbers" {
		t.Errorf("error is %#v", err)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	content := strings.Repeat("0123456789", 300_000) // several messages
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "new", "to")
	if err := os.WriteFile(from, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"local", "local:2"} {
		o := cluster.Options{Cluster: where, Read: []string{from}, Write: []string{filepath.Dir(to)}}
		if _, err := run(t, t.Context(), o, "files", []string{cluster.DriverName(from), cluster.DriverName(to)}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(to); err != nil || string(got) != content {
			t.Errorf("%d bytes came, %v", len(got), err)
		}
		o.Write = nil
		for _, name := range []string{to, filepath.Join(dir, "new"), from + "/../new/to"} {
			_, err := run(t, t.Context(), o, "files", []string{cluster.DriverName(from), cluster.DriverName(name)})
			if err == nil || !strings.Contains(err.Error(), "workers have no business with this file of the driver") {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := run(t, t.Context(), o, "files", []string{cluster.DriverName(from + "x"), cluster.DriverName(to)})
		if err == nil || !strings.Contains(err.Error(), "no business") {
			t.Error(err)
		}
	}
}

// TestLoss: a worker is killed, or stops; the next generation goes on from the
// checkpoint.
func TestLoss(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		want   string
	}{{syscall.SIGKILL, "it ended: signal: killed"}, {sigstop, ""}} {
		var once sync.Once
		h := &heard{results: map[int]string{}}
		h.onResult = func(rank int, pid string) {
			if rank == 1 {
				once.Do(func() { kill(t, pid, c.signal) })
			}
		}
		if err := h.run(t, t.Context(), cluster.Options{Cluster: "local:3", Peer: time.Second}, "lose", nil); err != nil {
			t.Fatal(err)
		}
		if w := h.warnings(); !strings.Contains(w, "worker 1 (process ") || !strings.Contains(w, c.want) || !strings.Contains(w, "from the checkpoint of step 1") {
			t.Errorf("%v: it is told by %q", c.signal, w)
		}
		if h.results[0] < "2" {
			t.Errorf("%v: results %v", c.signal, h.results)
		}
	}
}

func kill(t *testing.T, pid string, s syscall.Signal) {
	t.Helper()
	var n int
	if _, err := fmt.Sscan(pid, &n); err != nil {
		t.Error(err)
		return
	}
	p, err := os.FindProcess(n)
	if err == nil {
		err = p.Signal(s)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestRestartsEnd: a worker that always dies does so a bounded number of times.
func TestRestartsEnd(t *testing.T) {
	h, err := run(t, t.Context(), cluster.Options{Cluster: "local:2", Restarts: 2}, "exit", nil)
	var e *cluster.Error
	if !errors.As(err, &e) || !strings.Contains(e.Cause, "it ended: exit status 7, after 2 restarts that came no further") || len(e.Log) != 1 || e.Log[0] != "no way" {
		t.Errorf("error is %v", err)
	}
	if n := strings.Count(h.warnings(), "is lost"); n != 2 {
		t.Errorf("%d restarts: %s", n, h.warnings())
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	h := &heard{results: map[int]string{}}
	h.onResult = func(int, string) {
		if len(h.results) == 2 {
			cancel(errors.New("enough"))
		}
	}
	err := h.run(t, ctx, cluster.Options{Cluster: "local:2"}, "wait", nil)
	var e *cluster.JobError
	if !errors.As(err, &e) || e.Text != "interrupted after step 5" {
		t.Errorf("error is %v", err)
	}
}

// TestInterruptHasADeadline: a job that does not end is ended.
func TestInterruptHasADeadline(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	h := &heard{results: map[int]string{}}
	h.onResult = func(int, string) { cancel(errors.New("enough")) }
	err := h.run(t, ctx, cluster.Options{Cluster: "local:2", Stop: 100 * time.Millisecond}, "stay", nil)
	var e *cluster.Error
	if !errors.As(err, &e) || !strings.Contains(e.Cause, "did not end within 100ms of the interruption") {
		t.Errorf("error is %v", err)
	}
}

// TestFolder: workers that cannot reach the driver talk by a folder, of which nothing
// is left.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	from, to, shared := filepath.Join(dir, "from"), filepath.Join(dir, "to"), filepath.Join(dir, "shared")
	if err := os.WriteFile(from, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := cluster.Options{
		Cluster: "local:2", Folder: shared, Host: "192.0.2.1", Connect: 100 * time.Millisecond, // RFC 5737: nobody's
		Read: []string{from}, Write: []string{to},
	}
	h, err := run(t, t.Context(), o, "files", []string{cluster.DriverName(from), cluster.DriverName(to)})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != "content" {
		t.Errorf("%q came, %v", got, err)
	}
	if n := strings.Count(h.log.String(), "cannot reach this driver, and talks by "+shared); n != 1 {
		t.Errorf("it is told by %q", h.log.String())
	}
	if left, err := os.ReadDir(shared); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	o.Folder = ""
	if _, err := run(t, t.Context(), o, "sum", 1); err == nil || !strings.Contains(err.Error(), "the driver cannot be reached within 100ms") {
		t.Errorf("error is %v", err)
	}
}
