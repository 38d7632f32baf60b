// Package report tells what happens in a training run: typed events go in, and
// sinks show them to people and programs.
//
//	sink := report.Multi(
//		report.NewConsole(os.Stderr, report.ConsoleOptions{}),
//		report.NewJSON(os.Stdout),
//	)
//	defer sink.Close()
//	sink.Event(report.Start{Params: 431080, Workers: 1, Threads: 2, Kernel: "avx512"})
//
// [Console] draws a live bar on a terminal and prints a line now and then
// elsewhere, [JSON] writes JSON lines, [TensorBoard] writes event files. The
// sinks take the time from a clock that tests may replace.
package report

import (
	"errors"
	"time"
)

// Event is something that happened in a run, one of the types of this package.
type Event interface {
	// Kind names the type in JSON: "start", "early_stop".
	Kind() string
}

// Sink is a listener to a run. It is called by one goroutine at a time.
type Sink interface {
	// Event shows the event. What fails is reported by Close.
	Event(Event)
	// Close ends the report and returns the first failure.
	Close() error
}

// Start is the first event.
type Start struct {
	Params  int64  `json:"params"`  // numbers that are trained
	Workers int    `json:"workers"` // that train together
	Threads int    `json:"threads"` // of each worker
	Kernel  string `json:"kernel"`  // the kernel variant: avx512, avx2, go
	Epochs  int    `json:"epochs,omitempty"`
	Samples int64  `json:"samples,omitempty"` // in an epoch, over all workers
	Resumed int64  `json:"resumed,omitempty"` // the step after which the run goes on
	Net     string `json:"net,omitempty"`     // the net file
}

// Step is one update of the parameters. Not every step need be reported.
type Step struct {
	Step    int64   `json:"step"`    // counted from 1 over the whole run
	Epoch   int     `json:"epoch"`   // from 1
	Samples int64   `json:"samples"` // of this epoch, done so far
	Loss    Number  `json:"loss"`    // mean over the samples since the last reported step
	LR      float64 `json:"lr"`      // the learning rate
}

// Epoch is the end of a pass over the training data.
type Epoch struct {
	Epoch      int     `json:"epoch"` // from 1
	Step       int64   `json:"step,omitempty"`
	Samples    int64   `json:"samples"`
	Seconds    float64 `json:"seconds"`     // of training alone
	CPUSeconds float64 `json:"cpu_seconds"` // of training alone, over all workers
	Loss       Number  `json:"loss"`        // mean over the epoch
	Metrics    Scores  `json:"metrics"`
	Valid      Scores  `json:"valid,omitempty"` // loss and metrics on the validation data
}

// Histograms shows how values are distributed: parameters and gradients by name.
type Histograms struct {
	Step   int64       `json:"step"`
	Values []Histogram `json:"values"`
}

// Checkpoint is a saved state of the run.
type Checkpoint struct {
	Path string `json:"path"`
	Step int64  `json:"step"`
	Best bool   `json:"best,omitempty"` // by the watched metric
}

// Warning is something that the user should know and that stops nothing.
type Warning struct {
	Message string `json:"message"`
}

// EarlyStop ends training because the watched metric has not become better.
type EarlyStop struct {
	Epoch     int    `json:"epoch"`
	Metric    string `json:"metric"`
	Best      Number `json:"best"`
	BestEpoch int    `json:"best_epoch"`
}

// Diverged ends training because a number is NaN or infinite.
type Diverged struct {
	Step  int64  `json:"step"`
	Epoch int    `json:"epoch"`
	Layer string `json:"layer,omitempty"` // where it first appeared
	What  string `json:"what"`            // "loss is NaN"
}

// Test is the evaluation on the test data.
type Test struct {
	Samples int64  `json:"samples,omitempty"`
	Metrics Scores `json:"metrics"`
}

// Saved is the model written.
type Saved struct {
	Model string `json:"model"`
}

// Kind implements [Event].
func (Start) Kind() string { return "start" }

// Kind implements [Event].
func (Step) Kind() string { return "step" }

// Kind implements [Event].
func (Epoch) Kind() string { return "epoch" }

// Kind implements [Event].
func (Histograms) Kind() string { return "histograms" }

// Kind implements [Event].
func (Checkpoint) Kind() string { return "checkpoint" }

// Kind implements [Event].
func (Warning) Kind() string { return "warning" }

// Kind implements [Event].
func (EarlyStop) Kind() string { return "early_stop" }

// Kind implements [Event].
func (Diverged) Kind() string { return "diverged" }

// Kind implements [Event].
func (Test) Kind() string { return "test" }

// Kind implements [Event].
func (Saved) Kind() string { return "saved" }

// Multi is the sink that passes every event to each of the sinks.
func Multi(sinks ...Sink) Sink { return multi(sinks) }

type multi []Sink

// Event implements [Sink].
func (m multi) Event(e Event) {
	for _, s := range m {
		s.Event(e)
	}
}

func (m multi) Close() error {
	var all []error
	for _, s := range m {
		all = append(all, s.Close())
	}
	return errors.Join(all...)
}

// clock is the clock that was given, or the system's.
func clock(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}
