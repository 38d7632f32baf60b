package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/internal/interrupt"
	"github.com/emberml/ember/internal/secure"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/storage"
)

// Run runs a job of this program on the workers of a cluster, with arguments that
// JSON can carry, until it is done. An error that the job returns is a [*JobError],
// one of the cluster an [*Error]. If the context ends, the workers' contexts end
// too, and what the job then returns is the error. When Run returns, no worker, port
// or temporary file is left.
//
// Run calls the functions and the sink of the options from one goroutine.
func Run(ctx context.Context, jobs Jobs, o Options, job string, args any) error {
	if jobs[job] == nil {
		return fmt.Errorf("there is no job %q", job)
	}
	text, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("arguments of the job %s: %w", job, err)
	}
	if err := CheckAddress(o.Cluster); err != nil {
		return err
	}
	o = o.withDefaults()
	o.began = time.Now()
	o.Stderr = &lockedWriter{w: o.Stderr}
	if o.Cluster == inProcess {
		return runHere(ctx, jobs[job], o, text)
	}
	var hurry <-chan struct{}
	if strings.HasPrefix(o.Cluster, sparkConnect) { // where the session outlives this process
		var release func()
		hurry, release = interrupt.Hold(ctx)
		defer release()
	}
	launcher, err := newLauncher(ctx, o)
	if err != nil {
		return err
	}
	d := &driver{Options: o, launcher: launcher, hurry: hurry, boot: bootstrap{Job: job, Args: text}}
	return errors.Join(d.run(ctx), launcher.close())
}

// runHere runs the job in this process.
func runHere(ctx context.Context, job Job, o Options, args json.RawMessage) error {
	w := &Worker{
		Group: comm.Solo(), Args: args, Threads: o.Threads, Generation: 1, Report: hereSink{o.Report}, Log: o.Stderr,
		result: func(value json.RawMessage) error {
			o.Result(0, value)
			return nil
		},
	}
	if w.Threads == 0 {
		w.Threads = runtime.GOMAXPROCS(0)
	}
	ctx = storage.WithFS(ctx, scheme, driverFS{access{read: o.Read, write: o.Write}})
	err := job(ctx, w)
	if err == nil {
		return nil
	}
	f := failureOf(err)
	return &JobError{Code: f.Code, Text: local(err.Error())}
}

// hereSink passes on the events of a job in this process, with the driver's files
// as its user knows them. Closing it leaves the sink open for its owner.
type hereSink struct{ sink report.Sink }

func (h hereSink) Event(e report.Event) {
	switch known := e.(type) {
	case report.Checkpoint:
		known.Path = local(known.Path)
		e = known
	case report.Saved:
		known.Model = local(known.Model)
		e = known
	case report.Warning:
		known.Message = local(known.Message)
		e = known
	}
	h.sink.Event(e)
}

func (hereSink) Close() error { return nil }

// driver runs a job generation after generation.
type driver struct {
	Options
	launcher launcher
	hurry    <-chan struct{} // closed when workers that are to stop are not waited for any more
	boot     bootstrap
	hub      *hub
	token    secure.Token
	reached  int64 // step of the last checkpoint; 0: none
	detour   bool  // the user knows that workers come by the folder
}

func (d *driver) run(ctx context.Context) error {
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	authority, err := d.open(serving)
	if err != nil {
		return err
	}
	err = d.generations(ctx, authority)
	d.clean(ctx)
	return err
}

// open opens the driver's port until the context's end.
func (d *driver) open(ctx context.Context) (*secure.Authority, error) {
	authority, err := secure.NewAuthority()
	if err != nil {
		return nil, err
	}
	own, err := authority.Issue("driver")
	if err != nil {
		return nil, err
	}
	d.token = authority.Token()
	if d.hub, err = openHub(d.launcher.local(), own, d.Peer); err != nil {
		return nil, err
	}
	go d.hub.serve(ctx)
	return authority, d.prepare()
}

// clean removes the job's folder from shared storage.
func (d *driver) clean(ctx context.Context) {
	if d.boot.Folder != "" {
		cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Connect)
		defer cancel()
		if dirty := sweep(cleaning, d.boot.Folder); dirty != nil {
			fmt.Fprintf(d.Stderr, "warning: %s could not be cleaned up, remove it: %v\n", d.boot.Folder, dirty)
		}
	}
}

// prepare completes what every worker is told.
func (d *driver) prepare() error {
	b := &d.boot
	b.Workers, b.Local, b.Threads = d.launcher.workers(), d.launcher.local(), d.Threads
	b.Join, b.Peer, b.Connect = d.Join, d.Peer, d.Connect
	if d.Folder != "" {
		b.Folder = storage.Join(d.Folder, fmt.Sprintf("ember-%x", secure.NewToken().Proof("name", nil))[:14])
	}
	var err error
	b.Driver, err = d.hub.addresses(d.Host)
	return err
}

func (d *driver) generations(ctx context.Context, authority *secure.Authority) error {
	losses := 0
	for number := 1; ; number++ {
		before := d.reached
		d.boot.Generation = number
		err := d.generation(ctx, authority)
		var lost *lostError
		if !errors.As(err, &lost) {
			return err
		}
		if ctx.Err() != nil { // nobody wants another one
			return lost.of
		}
		if d.reached > before {
			losses = 0
		}
		if losses++; losses > d.Restarts {
			if d.Restarts > 0 {
				lost.of.Cause = fmt.Sprintf("%s, after %d restarts that came no further", lost.of.Cause, d.Restarts)
			}
			return lost.of
		}
		from := "the beginning"
		if d.boot.Checkpoint != "" {
			from = fmt.Sprintf("the checkpoint of step %d", d.reached)
		}
		d.Report.Event(report.Warning{Message: fmt.Sprintf("worker %d (%s) is lost: %s; going on from %s with new workers", lost.of.Rank, lost.of.Where, lost.of.Cause, from)})
	}
}

// lostError is a loss after which another generation may do better.
type lostError struct{ of *Error }

func (e *lostError) Error() string { return e.of.Error() }
