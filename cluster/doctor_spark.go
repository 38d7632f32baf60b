package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emberml/ember/internal/secure"
	"github.com/emberml/ember/spark/connect"
	"github.com/emberml/ember/spark/worker"
	"github.com/emberml/ember/storage"
)

// examineSpark goes the way that a job goes, and tells how far it comes.
func (d *doctor) examineSpark(ctx context.Context) {
	began := time.Now()
	s, err := connect.Dial(ctx, connect.Options{Remote: d.Cluster, Token: d.Token, Timeout: d.Connect})
	if err != nil {
		d.failed("connection", err)
		return
	}
	d.connection(s, time.Since(began))
	d.tell(versionFinding(s.Version()))
	l := &sparkLauncher{shipment: &shipment{session: s, server: s.Address(), named: d.WorkerBinary}, o: d.Options, kind: worker.MapInArrow}
	defer func() { _ = l.close() }() // a server that is gone has nothing left to end
	d.allocation(ctx, l)
	d.executorMemory(ctx, l)
	ready := d.executors(ctx, l)
	if !d.python(ctx, l) || !ready || !d.program(ctx, l) {
		return
	}
	d.tasks(ctx, l)
}

func (d *doctor) connection(s *connect.Session, took time.Duration) {
	server, _, _ := strings.Cut(s.String(), " ")
	f := Finding{Level: OK, Check: "connection", Text: fmt.Sprintf("%s answered in %v", server, took.Round(time.Millisecond))}
	if w := s.Warning(); w != "" {
		f.Level = Warning
		f.Text, f.Remedy, _ = strings.Cut(w, ": ")
	}
	d.tell(f)
}

// The versions of Spark that Ember is tested on, from and to.
var tested = [2][2]int{{3, 5}, {4, 3}}

var versionNumbers = regexp.MustCompile(`^(\d+)\.(\d+)`)

func versionFinding(version string) Finding {
	f := Finding{Level: OK, Check: "spark", Text: "Spark " + version}
	m := versionNumbers.FindStringSubmatch(version)
	if m == nil {
		return Finding{Warning, f.Check, fmt.Sprintf("Spark calls its version %q", version), "Ember is tested on Spark 3.5 to 4.3"}
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	code := func(v [2]int) int { return v[0]<<16 + v[1] }
	switch v := code([2]int{major, minor}); {
	case v < code(tested[0]):
		f.Level, f.Remedy = Problem, "Ember needs Spark 3.5 or newer"
	case v > code(tested[1]):
		f.Level, f.Remedy = Warning, "Ember is tested on Spark 3.5 to 4.3; if training fails there, look for a newer Ember"
	}
	return f
}

// allocation tells whether workers can start together.
func (d *doctor) allocation(ctx context.Context, l *sparkLauncher) {
	var dynamic string
	err := within(ctx, d.Join, func(ctx context.Context) (err error) {
		dynamic, _, err = l.session.Conf(ctx, "spark.dynamicAllocation.enabled")
		return err
	})
	if err != nil {
		d.failed("allocation", err)
		return
	}
	l.dynamic, l.barrier = dynamic == "true", dynamic != "true"
	if l.barrier {
		d.ok("allocation", "executors are there from the start: workers start together, and meet through Spark")
		return
	}
	d.tell(Finding{
		Warning, "allocation", "executors come and go with the work, where Spark refuses barriers: workers start one by one, and meet at this driver",
		"if a job waits for workers, set spark.dynamicAllocation.enabled=false, or its minExecutors to the number of workers",
	})
}

// executorMemory tells what the configuration gives to an executor.
func (d *doctor) executorMemory(ctx context.Context, l *sparkLauncher) {
	keys := []string{"spark.executor.memory", "spark.executor.memoryOverhead", "spark.executor.pyspark.memory", "spark.executor.cores", "spark.task.cpus"}
	var set []string
	err := within(ctx, d.Join, func(ctx context.Context) error {
		for _, key := range keys {
			value, ok, err := l.session.Conf(ctx, key)
			if err != nil {
				return err
			}
			if ok {
				set = append(set, strings.TrimPrefix(key, "spark.")+" "+value)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		d.failed("settings", err)
	case len(set) == 0:
		d.ok("settings", "the defaults of Spark for memory and cores of executors")
	default:
		d.ok("settings", "%s", strings.Join(set, ", "))
	}
}

// executors tells what the executors are, and for how many workers there is place.
func (d *doctor) executors(ctx context.Context, l *sparkLauncher) bool {
	var p platform
	err := within(ctx, d.Join, func(ctx context.Context) (err error) {
		if p, l.slots, err = executors(ctx, l.session); err == nil {
			l.binary, err = l.pack(ctx, p)
		}
		return err
	})
	if l.slots > 0 {
		d.slots(ctx, l)
	}
	if err != nil {
		d.failed("executors", err)
		return false
	}
	d.ok("executors", "%v, for which there is this program: %s, compressed", p, bytesText(int64(len(l.packed))))
	return true
}

// slots tells for how many workers there is place, and says how many are to be looked at.
func (d *doctor) slots(ctx context.Context, l *sparkLauncher) {
	var set map[string]string
	err := within(ctx, d.Join, func(ctx context.Context) (err error) {
		set, err = l.session.Confs(ctx, parallelismKey, leavesKey)
		return err
	})
	if err != nil {
		d.failed("slots", err)
	}
	l.n = d.Workers
	for _, key := range []string{parallelismKey, leavesKey} {
		if _, hides := set[key]; hides {
			d.tell(hiddenSlotsFinding(key, l.n))
			l.n = max(l.n, 1)
			return
		}
	}
	if l.n == 0 {
		l.n = l.slots
	}
	d.tell(slotsFinding(l.slots, l.n, l.dynamic))
}

// hiddenSlotsFinding is that of a cluster whose setting hides how many slots it has.
func hiddenSlotsFinding(key string, workers int) Finding {
	f := Finding{Level: OK, Check: "slots", Text: fmt.Sprintf("%s to be used; the cluster sets %s, which hides how many slots it has", plural(workers, "worker"), key)}
	if workers == 0 {
		f.Level, f.Remedy = Problem, "say it with --workers; what follows looks at 1"
		f.Text = fmt.Sprintf("how many workers? The cluster sets %s, which hides how many slots it has", key)
	}
	return f
}

func slotsFinding(slots, workers int, dynamic bool) Finding {
	f := Finding{Level: OK, Check: "slots", Text: fmt.Sprintf("place for %s, of which %d are to be used", plural(slots, "task"), workers)}
	switch {
	case slots < workers && dynamic:
		f.Text = fmt.Sprintf("place for %s now, and for %s when executors have come", plural(slots, "task"), plural(workers, "worker"))
	case slots < workers:
		f.Level, f.Text = Problem, fmt.Sprintf("place for %s, but %s are wanted", plural(slots, "task"), plural(workers, "worker"))
		f.Remedy = fmt.Sprintf("--workers %d, or more executors", slots)
	case slots == workers:
		f.Text = fmt.Sprintf("place for %s", plural(slots, "task"))
	}
	return f
}

// python tells what Spark starts beside its executors.
func (d *doctor) python(ctx context.Context, l *sparkLauncher) bool {
	l.suppose(ctx)
	if err := within(ctx, d.Join, l.findPython); err != nil {
		d.failed("python", err)
		return false
	}
	if l.isEmber() {
		d.ok("python", "PYSPARK_PYTHON of the executors is Ember itself")
	} else {
		d.ok("python", "the executors have Python %s", l.Python)
	}
	return true
}

func (d *doctor) program(ctx context.Context, l *sparkLauncher) bool {
	began := time.Now()
	if err := within(ctx, d.Join, l.ship); err != nil {
		d.failed("program", err)
		return false
	}
	d.ok("program", "sent to the cluster in %v", time.Since(began).Round(time.Millisecond))
	return true
}

// tasks runs a task in the place of each worker, and tells what they found.
func (d *doctor) tasks(ctx context.Context, l *sparkLauncher) {
	limit := 2*d.Join + 2*leaveWithin*d.Connect // more than the tasks' own waits, which end with more to say
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the tasks did not end within %v", limit))
	defer cancel()
	c := &checkups{driver: &driver{Options: d.Options, launcher: l, boot: bootstrap{Job: checkupJob}}, all: make([]*checkup, l.n)}
	err := c.run(ctx, l)
	if err != nil && context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	if !l.isEmber() && (err == nil || l.kind == worker.PerRow) {
		d.tell(arrowFinding(l.kind == worker.MapInArrow))
	}
	if err != nil {
		f := failedFinding("tasks", err)
		if f.Remedy == "" {
			f.Remedy = "look into the executors' logs (stderr)"
		}
		d.tell(f)
	}
	for _, f := range judge(c.all, l.barrier, d.Options) {
		d.tell(f)
	}
	if d.Folder != "" {
		d.tell(sharingFinding(d.Folder, c.all, c.sharing))
	}
}

func arrowFinding(there bool) Finding {
	if there {
		return Finding{OK, "pyarrow", "the executors' Python has it", ""}
	}
	return Finding{
		Warning, "pyarrow", "the executors' Python has none: workers are started by a plain function and meet at this driver, and spark: sources cannot be read",
		"install pyarrow in the Python that PYSPARK_PYTHON names, or set PYSPARK_PYTHON=./" + emberFile + " where the Connect server is started",
	}
}

// checkups runs the doctor's job.
type checkups struct {
	*driver
	all     []*checkup // by task; nil: it told nothing
	sharing error      // of the driver with the shared folder
}

func (c *checkups) run(ctx context.Context, l *sparkLauncher) error {
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	authority, err := c.open(serving)
	if err != nil {
		return err
	}
	defer c.clean(ctx)
	c.boot.Generation = 1
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	if err := c.watchFolder(serving, c.boot.Generation, &running); err != nil {
		return err
	}
	patience := c.Connect
	if l.dynamic {
		patience = c.Join
	}
	running.Go(func() { newReception(c.hub, l.n, patience, leaveWithin*c.Connect).serve(serving) })
	if c.Folder != "" {
		c.sharing = storage.WriteFile(ctx, storage.Join(c.boot.Folder, driverFile), []byte(sharedText))
	}
	err = c.start(ctx, l, authority)
	if c.Folder != "" && c.sharing == nil {
		c.sharing = c.readShared(ctx)
	}
	return err
}

func (c *checkups) start(ctx context.Context, l *sparkLauncher, authority *secure.Authority) error {
	var err error
	if c.boot.Identity, err = issue(authority, "the doctor's tasks"); err != nil {
		return err
	}
	var unread error
	err = l.run(ctx, c.boot, func(text string) {
		t := &checkup{Index: -1}
		err := json.Unmarshal([]byte(text), t)
		if err == nil && (t.Index < 0 || t.Index >= len(c.all)) {
			err = fmt.Errorf("there is no task %d", t.Index)
		}
		if err != nil {
			unread = fmt.Errorf("what a task told cannot be read: %w", err)
			return
		}
		c.all[t.Index] = t
	})
	return errors.Join(err, unread)
}

// readShared looks for what the tasks wrote.
func (c *checkups) readShared(ctx context.Context) error {
	for i, t := range c.all {
		if t == nil || t.Folder != "" {
			continue // that is told already
		}
		text, err := readBounded(ctx, storage.Join(c.boot.Folder, taskFile(i)), int64(len(sharedText)))
		if errors.Is(err, fs.ErrNotExist) || err == nil && string(text) != sharedText {
			err = fmt.Errorf("what task %d on %s wrote there is not what this driver sees: it is another folder", i, t.Host)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
