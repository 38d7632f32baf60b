package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/report"
)

// Job is what every worker runs. Its context ends when the driver is interrupted:
// a job that learns then writes a checkpoint and returns. An error with a method
// ExitCode() int tells the driver's [JobError] its code.
type Job func(ctx context.Context, w *Worker) error

// Jobs are the jobs of a program by name. Driver and workers are the same program
// and have the same jobs.
type Jobs map[string]Job

// Worker is what a job knows of the worker that runs it.
type Worker struct {
	// Group joins all workers of the job. The job does not close it.
	Group *comm.Group
	// Args are the arguments of the job, as [Run] was given them.
	Args json.RawMessage
	// Threads is how many threads the worker should compute with; 0 is as many
	// as there are processors.
	Threads int
	// Generation counts from 1 how often workers were started for this job.
	Generation int
	// Checkpoint is the path of the last [report.Checkpoint] that an earlier
	// generation reported, as it reported it; empty if there is none.
	Checkpoint string
	// Scratch is a folder on the worker's disk that Spark removes with its
	// executor, which other workers there share; empty where there is none.
	Scratch string
	// Report is heard by the driver's sink. Workers but the first are not heard.
	Report report.Sink
	// Log is text for the driver's user. Workers but the first are not heard.
	Log io.Writer

	result func(json.RawMessage) error
	rows   *fedRows
}

// Decode reads the arguments into a value.
func (w *Worker) Decode(args any) error {
	if err := json.Unmarshal(w.Args, args); err != nil {
		return fmt.Errorf("arguments of the job: %w", err)
	}
	return nil
}

// Result gives the driver a value, as JSON of at most 4 MiB; see
// [Options].Result.
func (w *Worker) Result(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("result of rank %d: %w", w.Group.Rank(), err)
	}
	if len(text) > maxHead/2 {
		return fmt.Errorf("result of rank %d: %d bytes are more than %d; write a file", w.Group.Rank(), len(text), maxHead/2)
	}
	return w.result(text)
}

// nobody is a sink and a log that nobody hears.
type nobody struct{}

func (nobody) Event(report.Event)          {}
func (nobody) Write(p []byte) (int, error) { return len(p), nil }
func (nobody) Close() error                { return nil }
