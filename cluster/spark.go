package cluster

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/spark/connect"
	"github.com/emberml/ember/spark/worker"
)

// sparkLauncher starts workers as the tasks of a Spark job, one for each slot, on
// executors that nobody has prepared: the program ships itself.
//
// What the executors are is found out on the way: the version of their Python, that
// they lack pyarrow, or that Spark refuses a barrier, shows when the workers start,
// and they are started otherwise.
type sparkLauncher struct {
	*shipment
	o       Options
	n       int
	barrier bool // tasks start together, and meet through Spark
	dynamic bool // executors come when tasks wait for them
	counted bool // slots are all that there are, or will be
	kind    worker.Kind
	rows    *connect.DataFrame // for the workers; nil: they read for themselves
}

// newSpark connects with the cluster, learns what it is, and ships the program.
func newSpark(ctx context.Context, o Options) (launcher, error) {
	own := packOwn()
	s, err := dialSpark(ctx, o)
	if err != nil {
		return nil, err
	}
	o.phase("connected with Spark " + s.Version())
	l := &sparkLauncher{shipment: &shipment{session: s, server: s.Address(), named: o.WorkerBinary, own: own}, o: o, kind: worker.MapInArrow}
	if err = within(ctx, o.Join, l.prepare); err == nil && o.Queries != [3]string{} {
		// A statement such as SHOW TABLES runs now, a query later.
		asking, cancel := context.WithTimeoutCause(ctx, o.Query, fmt.Errorf("Spark did not answer within the %v of --query-timeout", o.Query))
		defer cancel()
		l.rows, err = l.feed(asking)
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// dialSpark begins a session on the cluster.
func dialSpark(ctx context.Context, o Options) (*connect.Session, error) {
	token := cmp.Or(o.Token, connect.TokenFor(o.Cluster, os.Getenv(remoteEnv)))
	s, err := connect.Dial(ctx, connect.Options{Remote: o.Cluster, Token: token, Timeout: o.Connect})
	if err != nil {
		return nil, &Error{Rank: -1, Cause: err.Error()}
	}
	if w := s.Warning(); w != "" {
		fmt.Fprintf(o.Stderr, "warning: %s\n", w)
	}
	return s, nil
}

// within bounds what is asked of Spark by the time that workers have to meet.
func within(ctx context.Context, join time.Duration, ask func(context.Context) error) error {
	late := fmt.Errorf("Spark did not answer within the %v of --join-timeout", join)
	ctx, cancel := context.WithTimeoutCause(ctx, join, late)
	defer cancel()
	err := ask(ctx)
	if err != nil && errors.Is(context.Cause(ctx), late) {
		return &Error{Rank: -1, Cause: late.Error(), Hint: "see whether the cluster has free slots"}
	}
	return err
}

// The settings that tell what kind of cluster it is. By the last two somebody has told
// Spark into how many tasks to cut its work, instead of one for each slot.
const (
	dynamicKey     = "spark.dynamicAllocation.enabled"
	parallelismKey = "spark.default.parallelism"
	leavesKey      = "spark.sql.leafNodeDefaultParallelism"
)

func (l *sparkLauncher) prepare(ctx context.Context) error {
	set, err := l.session.Confs(ctx, dynamicKey, parallelismKey, leavesKey)
	if err != nil {
		return &Error{Rank: -1, Cause: err.Error()}
	}
	l.dynamic = set[dynamicKey] == "true"
	l.barrier = !l.dynamic
	l.once = l.barrier
	if l.dynamic {
		l.withoutBarrier(allocatesDynamically)
	}
	l.counted = !l.dynamic
	for _, key := range []string{parallelismKey, leavesKey} {
		if _, parallelism := set[key]; !parallelism {
			continue
		}
		if l.counted = false; l.o.Workers == 0 {
			return &Error{
				Rank: -1, Cause: "how many workers? The cluster sets " + key + ", which hides how many slots it has",
				Hint: "say it with --workers",
			}
		}
	}
	if err := l.send(ctx, l.o.Queries != [3]string{}); err != nil {
		return err
	}
	l.o.phase(fmt.Sprintf("Spark has %d slots, and this program", l.slots))
	if l.n = l.o.Workers; l.n == 0 {
		l.n = l.slots
	}
	return nil
}

// taskSchema is the rows that workers give to Spark: texts. Jobs give none.
var taskSchema = mustSparkJSON(taskColumns)

var taskColumns = frame.Schema{{Name: "text", Type: frame.Type{Kind: frame.String}}}

func mustSparkJSON(s frame.Schema) string {
	text, err := s.SparkJSON()
	if err != nil {
		panic(err) // a mistake in the schema above
	}
	return text
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
	ctx = connect.WithProgress(ctx, func(p connect.Progress) { f.progress.Store(&p) })
	f.running.Go(func() {
		e := exit{index: -1, cause: "Spark ended its tasks"}
		if err := l.run(ctx, b, func(string) {}); err != nil {
			var log []string
			e, log = endOf(err)
			f.tail.Store(&log)
		}
		f.ended <- e
	})
	return f, nil
}

const (
	allocatesDynamically = "Spark allocates executors dynamically, where it refuses barriers"
	lacksArrow           = "the executors' Python has no pyarrow: the workers are started by a plain function"
)

// withoutBarrier has the workers meet at the driver.
func (l *sparkLauncher) withoutBarrier(why string) {
	l.barrier = false
	fmt.Fprintf(l.o.Stderr, "note: %s; the workers meet at this driver\n", why)
}

// noArrow is how Python, and Spark in it, say that there is no pyarrow, or an old one.
var noArrow = regexp.MustCompile(`(?i)no module named '?pyarrow|pyarrow.* must be installed`)

// run runs the tasks to their end, in another way where Spark refuses one. Told gets
// the texts that they give to Spark.
func (l *sparkLauncher) run(ctx context.Context, b bootstrap, told func(text string)) error {
	if err := l.awaitSlots(ctx, b.Generation); err != nil {
		return err
	}
	for {
		err := l.runTasks(ctx, b, told)
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case l.barrier && strings.Contains(err.Error(), "SPARK-24942"):
			l.withoutBarrier(allocatesDynamically)
		case l.kind == worker.MapInArrow && noArrow.MatchString(err.Error()):
			if l.rows != nil {
				return &connect.Error{
					Op: "feed the workers", Message: "the executors' Python has no pyarrow, or too old a one, which Spark needs to feed rows",
					Remedy: "install pyarrow there, or start the Connect server with PYSPARK_PYTHON=./" + emberFile + ", or save the rows as Parquet and name the files with --data",
				}
			}
			l.kind = worker.PerRow
			l.withoutBarrier(lacksArrow)
		default:
			if err := l.correct(ctx, err); err != nil {
				return err
			}
			l.o.phase(fmt.Sprintf("the executors are %v, with Python %s", l.System, l.Python))
		}
	}
}

func (l *sparkLauncher) runTasks(ctx context.Context, b bootstrap, told func(text string)) error {
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
		tasks = in.Call(l.function(command, taskColumns, false), "id")
	} else {
		tasks = in.MapPartitions(l.function(command, taskColumns, l.barrier))
	}
	for f, err := range tasks.Stream(ctx) {
		if err != nil {
			return err
		}
		if err := eachText(f, l.kind, told); err != nil {
			return err
		}
	}
	return nil
}

// eachText reads what tasks wrote, which a plain function returns as a stream in a
// value.
func eachText(f *frame.Frame, kind worker.Kind, told func(string)) error {
	for i := range f.Rows() {
		if kind != worker.PerRow {
			told(f.Column(0).String(i))
			continue
		}
		if len(f.Column(0).Bytes(i)) == 0 {
			continue
		}
		r, err := frame.NewReader(bytes.NewReader(f.Column(0).Bytes(i)), frame.ReaderOptions{})
		if err != nil {
			return fmt.Errorf("what a task returned: %w", err)
		}
		for {
			rows, err := r.Next()
			if err == io.EOF {
				break
			}
			if err == nil {
				err = eachText(rows, worker.MapInArrow, told)
			}
			if err != nil {
				return fmt.Errorf("what a task returned: %w", err)
			}
		}
	}
	return nil
}

// slotPause is the pause between two looks for free slots.
const slotPause = time.Second

// awaitSlots waits, before a further generation, until executors that were lost have
// come again: Spark itself would look only every 15 seconds.
func (l *sparkLauncher) awaitSlots(ctx context.Context, generation int) error {
	if generation == 1 || !l.counted {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.o.Join)
	defer cancel()
	for {
		slots, err := countSlots(ctx, l.session)
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

// sparkFleet is the tasks of one Spark job.
type sparkFleet struct {
	launcher *sparkLauncher
	cancel   context.CancelFunc
	ended    chan exit
	progress atomic.Pointer[connect.Progress]
	tail     atomic.Pointer[[]string] // of the log of the worker that ended the job
	running  sync.WaitGroup
}

func (f *sparkFleet) where(index int) string {
	l := f.launcher
	if l.counted && l.slots < l.n {
		return fmt.Sprintf("task %d of Spark, which has %d slots for %d workers", index, l.slots, l.n)
	}
	return fmt.Sprintf("task %d of Spark", index)
}

func (f *sparkFleet) exits() <-chan exit { return f.ended }

// busy is Spark's query for the rows that it feeds: its tasks run before those of the
// workers.
func (f *sparkFleet) busy() string {
	if f.launcher.rows == nil {
		return ""
	}
	if p := f.progress.Load(); p != nil {
		return fmt.Sprintf("Spark's query, of which %d of %d tasks are done and %d run", p.Done, p.Tasks, p.Running)
	}
	return "Spark's query"
}

// log is that of the worker whose end Spark has told, whichever is asked for: the
// others' are in their executors' logs.
func (f *sparkFleet) log(int) []string {
	if tail := f.tail.Load(); tail != nil {
		return *tail
	}
	return nil
}

func (f *sparkFleet) kill() {
	f.cancel()
	f.running.Wait()
}
