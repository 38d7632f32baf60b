package cluster

import (
	"fmt"
	"strings"
)

// JobError is an error that the job returned on one of the workers.
type JobError struct {
	Rank int
	Host string // empty for a worker of this machine
	Code int    // what the error's method ExitCode says; 1 without one
	Text string
}

// Error is the job's error, with rank and host where it is another one.
func (e *JobError) Error() string {
	if e.Host == "" {
		return e.Text
	}
	return fmt.Sprintf("rank %d on %s: %s", e.Rank, e.Host, e.Text)
}

// Error says that the cluster failed, not the job: a worker was lost, or did not
// come in time.
type Error struct {
	Rank  int    // -1: no single worker
	Where string // host or process of that worker, as far as it is known
	Cause string
	Hint  string
	Log   []string // the last lines that the worker wrote to its standard error
}

// Error names the worker, the cause and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Rank >= 0 {
		fmt.Fprintf(&b, "worker %d (%s): ", e.Rank, e.Where)
	}
	b.WriteString(e.Cause)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	if len(e.Log) > 0 {
		b.WriteString("; the end of its log:\n  " + strings.Join(e.Log, "\n  "))
	}
	return b.String()
}
