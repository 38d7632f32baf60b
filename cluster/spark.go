package cluster

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/spark/connect"
	"github.com/emberml/ember/spark/worker"
)

// sparkLauncher starts workers as the tasks of a Spark job, one for each slot, on
// executors that nobody has prepared: the program ships itself.
//
// What the executors are is found out on the way. Their Python is asked for its
// version before the first generation; that they lack pyarrow, or that Spark refuses
// a barrier, shows when the workers start, and they are started otherwise.
type sparkLauncher struct {
	o       Options
	session *connect.Session
	n       int
	slots   int
	barrier bool // tasks start together, and meet through Spark
	python  string
	kind    worker.Kind
	binary  worker.Binary
	packed  []byte             // the program, compressed
	rows    *connect.DataFrame // for the workers; nil: they read for themselves
}

// emberPython is what the version of a Python is called that is Ember.
const emberPython = "ember/1;spark="

// newSpark connects with the cluster, learns what it is, and ships the program.
func newSpark(ctx context.Context, o Options) (launcher, error) {
	session, err := connect.Dial(ctx, connect.Options{Remote: o.Cluster, Token: o.Token, Timeout: o.Connect})
	if err != nil {
		return nil, &Error{Rank: -1, Cause: err.Error()}
	}
	if w := session.Warning(); w != "" {
		fmt.Fprintf(o.Stderr, "warning: %s\n", w)
	}
	l := &sparkLauncher{o: o, session: session, kind: worker.MapInArrow}
	if err := l.prepare(ctx); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// prepare asks what does not depend on each other at the same time.
func (l *sparkLauncher) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, l.o.Join, fmt.Errorf("Spark did not answer within the %v of --join-timeout", l.o.Join))
	defer cancel()
	var python, ship error
	var both sync.WaitGroup
	both.Go(func() { python = l.findPython(ctx) })
	both.Go(func() {
		if ship = l.survey(ctx); ship == nil {
			ship = l.ship(ctx)
		}
	})
	both.Wait()
	err := errors.Join(ship, python)
	if err == nil && l.o.Queries != [3]string{} {
		l.rows, err = l.feed(ctx)
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return &Error{Rank: -1, Cause: cause.Error(), Hint: "see whether the cluster has free slots"}
		}
		return err
	}
	return nil
}

// survey learns the size of the cluster and the kind of its executors.
func (l *sparkLauncher) survey(ctx context.Context) error {
	dynamic, _, err := l.session.Conf(ctx, "spark.dynamicAllocation.enabled")
	if err != nil {
		return &Error{Rank: -1, Cause: err.Error()}
	}
	l.barrier = dynamic != "true"
	var p platform
	if p, l.slots, err = executors(ctx, l.session); err != nil {
		return &Error{Rank: -1, Cause: err.Error()}
	}
	if l.n = l.o.Workers; l.n == 0 {
		l.n = l.slots
	}
	l.binary, err = l.pack(ctx, p)
	return err
}

// surveyRows is more than a cluster has slots: Spark deals that many rows to as many
// partitions as it has.
const surveyRows = 4096

// executors asks executors for their system, and counts slots.
func executors(ctx context.Context, s *connect.Session) (p platform, slots int, err error) {
	frames, err := s.Range(0, surveyRows, 1, 0).Select(
		"spark_partition_id() AS slot",
		"reflect('java.lang.System', 'getProperty', 'os.name') AS os",
		"reflect('java.lang.System', 'getProperty', 'os.arch') AS arch",
	).Collect(ctx)
	if err != nil {
		return p, 0, err
	}
	seen := map[int32]bool{}
	for _, f := range frames {
		names, archs := f.ByName("os"), f.ByName("arch")
		for i, slot := range frame.Values[int32](f.ByName("slot")) {
			seen[slot] = true
			q := javaPlatform(names.String(i), archs.String(i))
			if p != (platform{}) && p != q {
				return p, 0, fmt.Errorf("the executors are of different kinds, %v and %v: Ember needs them to be of one", p, q)
			}
			p = q
		}
	}
	return p, len(seen), nil
}

// otherPython is how Spark's Python worker says which version it is.
var otherPython = regexp.MustCompile(`Python in worker has different version:? \(?'?(\d+)[., ]+(\d+)`)

// noProgram is how Spark says that PYSPARK_PYTHON is not there.
var noProgram = regexp.MustCompile(`Cannot run program "([^"]*)"`)

// findPython starts a task on one executor to learn what PYSPARK_PYTHON is there.
func (l *sparkLauncher) findPython(ctx context.Context) error {
	l.python = emberPython + l.session.Version()
	err := l.probe(ctx)
	if missing := programOf(err); missing == "./"+emberFile {
		// A cluster without Python that leaves it to us to bring ourselves along.
		if err = l.shipPlain(ctx); err == nil {
			err = l.probe(ctx)
		}
	} else if missing != "" {
		return &Error{
			Rank: -1, Cause: fmt.Sprintf("the executors have no Python: there is no %s", missing),
			Hint: "set PYSPARK_PYTHON, where the Connect server is started, to a Python 3 that the executors have, or to ./" + emberFile + ", which Ember brings along",
		}
	}
	if err == nil {
		return nil
	}
	if m := otherPython.FindStringSubmatch(err.Error()); m != nil {
		l.python = m[1] + "." + m[2]
		return nil
	}
	return &Error{Rank: -1, Cause: "no task can be started on the executors: " + err.Error()}
}

func programOf(err error) string {
	if err == nil {
		return ""
	}
	if m := noProgram.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return ""
}

// probe runs a task that does nothing.
func (l *sparkLauncher) probe(ctx context.Context) error {
	command, err := worker.Command(worker.Payload{Message: []byte(`{}`), Schema: taskSchema})
	if err != nil {
		return err
	}
	_, err = l.session.Range(0, 1, 1, 1).MapPartitions(l.function(command, false)).Collect(ctx)
	return err
}

// taskSchema is the rows that workers give to Spark: none, of one column.
var taskSchema = mustSparkJSON(taskColumns)

var taskColumns = frame.Schema{{Name: "id", Type: frame.Type{Kind: frame.Int64}}}

func mustSparkJSON(s frame.Schema) string {
	text, err := s.SparkJSON()
	if err != nil {
		panic(err) // a mistake in the schema above
	}
	return text
}

func (l *sparkLauncher) function(command []byte, barrier bool) connect.Function {
	return connect.Function{Name: "ember", Command: command, PythonVersion: l.python, Schema: taskColumns, Barrier: barrier}
}

func (l *sparkLauncher) workers() int { return l.n }

func (l *sparkLauncher) local() bool { return false }

// close ends the session, and with it all that still runs in it.
func (l *sparkLauncher) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), l.o.Connect)
	defer cancel()
	_ = l.session.Interrupt(ctx) // closing does it, too, later
	return l.session.Close()
}

// launch runs the tasks of a generation.
func (l *sparkLauncher) launch(ctx context.Context, b bootstrap, identity func(int) (secret, error)) (fleet, error) {
	// Spark gives all tasks the same message, so they share an identity.
	var err error
	if b.Identity, err = identity(0); err != nil {
		return nil, err
	}
	if b.Threads == 0 {
		b.Threads = -1 // those of the task
	}
	b.Fed, b.Parts = l.rows != nil, l.o.VirtualWorkers
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &sparkFleet{launcher: l, cancel: cancel, ended: make(chan exit, 1)}
	f.running.Go(func() {
		e := exit{index: -1, cause: "Spark ended its tasks"}
		if err := l.run(ctx, b); err != nil {
			e.cause, e.final = sparkCause(err)
		}
		f.ended <- e
	})
	return f, nil
}

// run runs the tasks to their end, in another way where Spark refuses one.
func (l *sparkLauncher) run(ctx context.Context, b bootstrap) error {
	if err := l.awaitSlots(ctx, b.Generation); err != nil {
		return err
	}
	for {
		err := l.runTasks(ctx, b)
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case l.barrier && strings.Contains(err.Error(), "SPARK-24942"):
			l.barrier = false
			fmt.Fprintln(l.o.Stderr, "note: Spark allocates executors dynamically, where it refuses barriers: the workers meet at this driver")
		case l.kind == worker.MapInArrow && l.rows == nil && strings.Contains(err.Error(), "pyarrow"):
			l.kind, l.barrier = worker.PerRow, false
			fmt.Fprintln(l.o.Stderr, "note: the executors' Python has no pyarrow: the workers are started by a plain function, and meet at this driver")
		default:
			return err
		}
	}
}

func (l *sparkLauncher) runTasks(ctx context.Context, b bootstrap) error {
	message, err := b.encode()
	if err != nil {
		return err
	}
	command, err := worker.Command(worker.Payload{Message: message, Schema: taskSchema, Kind: l.kind, Binary: l.binary})
	if err != nil {
		return err
	}
	in := l.rows
	if in == nil {
		in = l.session.Range(0, int64(l.n), 1, l.n)
	}
	var tasks *connect.DataFrame
	if l.kind == worker.PerRow {
		tasks = in.Call(l.function(command, false), "id")
	} else {
		tasks = in.MapPartitions(l.function(command, l.barrier))
	}
	for _, err := range tasks.Stream(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}

// slotPause is the pause between two looks for free slots.
const slotPause = time.Second

// awaitSlots waits, before a further generation, until executors that were lost have
// come again: Spark itself would look only every 15 seconds.
func (l *sparkLauncher) awaitSlots(ctx context.Context, generation int) error {
	if generation == 1 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.o.Join)
	defer cancel()
	for {
		_, slots, err := executors(ctx, l.session)
		if err != nil || slots >= l.n {
			return err
		}
		select {
		case <-time.After(slotPause):
		case <-ctx.Done():
			return fmt.Errorf("Spark has %d slots for %d workers, and no more came within the %v of --join-timeout", slots, l.n, l.o.Join)
		}
	}
}

// sparkCause says why a Spark job failed, and whether it would again.
func sparkCause(err error) (cause string, final bool) {
	cause = err.Error()
	var e *connect.Error
	if !errors.As(err, &e) {
		return cause, false
	}
	lost := strings.Contains(cause, "ExecutorLostFailure") || strings.Contains(cause, "Could not recover from a failed barrier") ||
		strings.Contains(cause, "ember worker on") || strings.Contains(cause, "exited unexpectedly")
	return cause, !lost
}

// sparkFleet is the tasks of one Spark job.
type sparkFleet struct {
	launcher *sparkLauncher
	cancel   context.CancelFunc
	ended    chan exit
	running  sync.WaitGroup
}

func (f *sparkFleet) where(index int) string {
	l := f.launcher
	if l.slots < l.n {
		return fmt.Sprintf("task %d of Spark, which has %d slots for %d workers", index, l.slots, l.n)
	}
	return fmt.Sprintf("task %d of Spark", index)
}

func (f *sparkFleet) exits() <-chan exit { return f.ended }

// log is in the executor's log, and in the error of Spark.
func (f *sparkFleet) log(int) []string { return nil }

func (f *sparkFleet) kill() {
	f.cancel()
	f.running.Wait()
}
