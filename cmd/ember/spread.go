package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/data"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/storage"
)

// connection are the flags that say how workers are reached, and reach each other.
type connection struct {
	Workers        int           `group:"cluster" placeholder:"N" help:"Workers on Spark; one for each slot by default. local:N says its own."`
	TokenFile      string        `group:"cluster" placeholder:"FILE" help:"File with the token for Spark Connect; by default that of EMBER_TOKEN or SPARK_REMOTE."`
	JoinTimeout    time.Duration `group:"cluster" default:"120s" placeholder:"120s" help:"How long to wait until all workers have met."`
	QueryTimeout   time.Duration `group:"cluster" default:"30m" placeholder:"30m" help:"How long to wait for the rows of a spark: source until workers can start."`
	PeerTimeout    time.Duration `group:"cluster" default:"30s" placeholder:"30s" help:"After what silence a worker counts as lost."`
	ConnectTimeout time.Duration `group:"cluster" default:"20s" placeholder:"20s" help:"How long to try to reach the cluster, and workers the driver."`
	Meeting        string        `group:"cluster" placeholder:"URL" help:"Folder of shared storage by which workers and driver talk where the driver cannot be reached; that of --checkpoint if it is a URL."`
	DriverHost     string        `group:"cluster" placeholder:"HOST" help:"Name or address of this host by which workers reach it, where it is none that the host itself has."`
	WorkerBinary   string        `group:"cluster" placeholder:"FILE" help:"The ember program for executors of another system or architecture than this one's."`
}

// workers are the flags of training on several workers.
type workers struct {
	connection
	Restarts int `group:"cluster" default:"3" placeholder:"3" help:"How often in a row training goes on from the last checkpoint after the loss of a worker."`
}

// check refuses what the flags cannot mean.
func (c *connection) check(to place) error {
	if c.Workers < 0 {
		return usageError{fmt.Errorf("--workers %d: want 1 or more", c.Workers)}
	}
	if c.Workers > 0 && !to.spark() {
		return usageError{fmt.Errorf("--workers %d is for Spark; --cluster local:%[1]d starts as many processes of this machine", c.Workers)}
	}
	for _, timeout := range []struct {
		name  string
		value time.Duration
	}{{"join", c.JoinTimeout}, {"query", c.QueryTimeout}, {"peer", c.PeerTimeout}, {"connect", c.ConnectTimeout}} {
		if timeout.value <= 0 {
			return usageError{fmt.Errorf("--%s-timeout %v: want more than 0", timeout.name, timeout.value)}
		}
	}
	return nil
}

// options are those of a cluster to which the flags lead.
func (c *connection) options(e *env, to place) (o cluster.Options, err error) {
	if err := c.check(to); err != nil {
		return o, err
	}
	o = cluster.Options{
		Cluster: string(to), Workers: c.Workers, Join: c.JoinTimeout, Query: c.QueryTimeout, Peer: c.PeerTimeout, Connect: c.ConnectTimeout,
		Folder: c.Meeting, Host: c.DriverHost, WorkerBinary: c.WorkerBinary,
	}
	if o.Token, err = cluster.ReadToken(c.TokenFile, e.stderr); err != nil {
		return o, usageError{fmt.Errorf("--token-file: %w", err)}
	}
	return o, nil
}

// jobs is what this program does as a worker.
var jobs = cluster.Jobs{"train": trainOnWorker}

// order is a training as a worker is told: by the command line.
type order struct {
	Program string   `json:"program"`
	Args    []string `json:"args"`
	Parts   int      `json:"parts"`  // virtual workers; 0: one for each
	Lender  string   `json:"lender"` // folder of the driver that keeps built-in data sets
}

// checkPlace refuses flags that do not go with where the training runs.
func (c *trainCmd) checkPlace() error {
	if err := c.check(c.Cluster); err != nil {
		return err
	}
	if c.Threads < 0 {
		return usageError{fmt.Errorf("--threads %d: want 1 or more", c.Threads)}
	}
	for _, flag := range []struct{ name, spec string }{{"--data", c.Data}, {"--valid", c.Valid}, {"--test", c.Test}} {
		if err := sparkOnly(flag.spec); err != nil && !c.Cluster.spark() {
			return err
		}
		if flag.spec == "-" && c.Cluster != here {
			return usageError{fmt.Errorf("%s -: workers cannot read this program's standard input; name a file that they see", flag.name)}
		}
	}
	return nil
}

// spread trains on the workers of a cluster.
func (c *trainCmd) spread(e *env, sink report.Sink) error {
	lender, _ := data.CacheDir() // without it there is nothing to lend
	o, err := c.options(e, lender)
	if err != nil {
		return err
	}
	for _, spec := range []string{c.Data, c.Valid, c.Test} {
		if err := fetchBuiltin(e, spec); err != nil {
			return err
		}
	}
	o.Report = sink
	return cluster.Run(e.ctx, jobs, o, "train", order{Program: e.program, Args: e.args, Parts: o.VirtualWorkers, Lender: lender})
}

// fetchBuiltin sees to it that a built-in data set is here before several workers
// look for it.
func fetchBuiltin(e *env, spec string) error {
	if !isBuiltin(spec) {
		return nil
	}
	d, err := openData(e, spec, data.Options{})
	if err != nil {
		return err
	}
	return d.Close()
}

func isBuiltin(spec string) bool {
	names, _ := data.Builtins()
	return slices.Contains(names, spec)
}

// options are those of the run. The lender is as that of an [order]; "" if there is none.
func (c *trainCmd) options(e *env, lender string) (cluster.Options, error) {
	o, err := c.connection.options(e, c.Cluster)
	if err != nil {
		return o, err
	}
	o.Threads, o.Restarts, o.Verbose, o.Stderr = c.Threads, c.Restarts, c.Verbose, e.stderr
	if o.Restarts == 0 {
		o.Restarts = -1
	}
	if o.Folder == "" && storage.Scheme(c.Checkpoint) != "file" {
		o.Folder = c.Checkpoint
	}
	for _, spec := range []string{c.Data, c.Valid, c.Test} {
		if lender != "" && isBuiltin(spec) {
			o.Read = append(o.Read, filepath.Join(lender, spec))
		}
	}
	if namesFile(c.What) {
		o.Read = append(o.Read, c.What, c.What+".data")
	}
	o.Queries = c.queries()
	if o.VirtualWorkers, err = c.virtualWorkers(e.ctx); err != nil {
		return o, err
	}
	name, err := c.netName(e.ctx)
	if err != nil {
		return o, err
	}
	out := c.out(name)
	o.Write = []string{out, out + ".data", c.checkpointDir(out)}
	return o, nil
}

// netName is the name of the net that WHAT and --set name.
func (c *trainCmd) netName(ctx context.Context) (string, error) {
	root, err := c.source(ctx)
	if err != nil {
		return "", err
	}
	if _, err := c.set(root, "name"); err != nil {
		return "", err
	}
	name, ok := root.Get("name").Text()
	if !ok {
		return "", root.Get("name").Errorf("the name of a net is text")
	}
	return name, nil
}

// errExit is an error on a worker with the exit code that it has here.
type errExit struct {
	error
	code int
}

func (e errExit) Unwrap() error { return e.error }

// ExitCode is what the driver's process exits with.
func (e errExit) ExitCode() int { return e.code }

// trainOnWorker is the job of every worker: the command as the user gave it, with
// the driver's files.
func trainOnWorker(ctx context.Context, w *cluster.Worker) error {
	err := func() error {
		var o order
		if err := w.Decode(&o); err != nil {
			return err
		}
		var c cli
		if _, err := newParser(&c, io.Discard, io.Discard).Parse(o.Args); err != nil {
			return usageError{err}
		}
		e := &env{ctx: ctx, program: o.Program, args: o.Args, stdin: strings.NewReader(""), stdout: io.Discard, stderr: w.Log}
		c.Train.Threads = w.Threads
		return c.Train.fit(e, seat{
			worker: w, group: w.Group, parts: o.Parts, lender: cluster.DriverName(o.Lender), report: w.Report, resume: c.Train.Resume || w.Checkpoint != "", name: cluster.DriverName,
		})
	}()
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return errExit{err, codeOf(ctx, err)}
}
