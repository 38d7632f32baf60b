package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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

// Serve is the first call of a program that runs jobs on workers of its own. In a
// process that was started as a worker it runs the job and ends the process; in any
// other it returns at once.
func Serve(jobs Jobs) {
	worker.Main(sparkTask(jobs))
	if len(os.Args) == 2 && os.Args[1] == workerArg {
		os.Exit(serveLocal(jobs, os.Stdin))
	}
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
