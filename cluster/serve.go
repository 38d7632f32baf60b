package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"time"

	"github.com/emberml/ember/spark/worker"
)

// The exit codes of a worker's process. Why a job failed goes to the driver by the
// link.
const (
	workerDone   = 0
	workerFailed = 1
	workerOrphan = 3 // the driver is gone
)

// Work is what the workers of a program can do: [Jobs] or [Functions].
type Work interface{ addTo(r *registry) }

// registry is all that the workers of this program can do.
type registry struct {
	jobs      Jobs
	functions Functions
}

func (j Jobs) addTo(r *registry)      { maps.Copy(r.jobs, j) }
func (f Functions) addTo(r *registry) { maps.Copy(r.functions, f) }

func register(work []Work) *registry {
	r := &registry{Jobs{}, Functions{}}
	for _, w := range work {
		w.addTo(r)
	}
	return r
}

// Serve is the first call of a program that has workers, to run jobs or to call
// functions on Spark. In a process that was started as a worker it does the work and
// ends the process; in any other it returns at once.
func Serve(work ...Work) { register(work).serve() }

func (r *registry) serve() {
	worker.Main(r.sparkTask)
	if len(os.Args) == 2 && os.Args[1] == workerArg {
		os.Exit(serveLocal(r.jobs, os.Stdin))
	}
}

// sparkTask does what the message to a Spark task is about.
func (r *registry) sparkTask(ctx context.Context, t *worker.Task) error {
	var c functionCall
	if err := json.Unmarshal(t.Message(), &c); err == nil && c.Function != "" {
		return c.run(ctx, r.functions, t)
	}
	return sparkTask(r.jobs)(ctx, t)
}

// serveLocal is a worker that a driver of this machine has started.
func serveLocal(jobs Jobs, stdin io.Reader) int {
	var b bootstrap
	d := json.NewDecoder(io.LimitReader(stdin, maxHead))
	if err := d.Decode(&b); err != nil {
		fmt.Fprintf(os.Stderr, "a worker is started by its driver, which says on standard input what to do: %v\n", err)
		return workerFailed
	}
	if b.Job == trialJob {
		jobs = Jobs{trialJob: trial}
	}
	go func() { // the driver holds the other end as long as it lives
		_, _ = io.Copy(io.Discard, stdin)
		os.Exit(workerOrphan)
	}()
	// A worker whose driver is silent, though it lives, has this long to end its job.
	orphaned := func() { time.AfterFunc(b.Peer, func() { os.Exit(workerOrphan) }) }
	if err := work(context.Background(), &b, jobs, seat{index: b.Index, host: "this machine", orphaned: orphaned}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return workerFailed
	}
	return workerDone
}
