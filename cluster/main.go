package cluster

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/emberml/ember/internal/interrupt"
	"github.com/emberml/ember/report"
)

// Main is the main function of a program that runs jobs: the first call in main,
// which does not return. The command line is
//
//	prog [flags] [job] [arguments of the job]
//
// where the job's name may be left out if there is only one; -h lists the flags.
// The arguments reach the job as a list of strings:
//
//	var args []string
//	err := w.Decode(&args)
//
// The files and folders that the driver lends to the workers are named by the flags
// --read and --write. The program's exit code is 0, that of the job's error, 2 for a
// mistake on the command line, 4 if the cluster failed, 130 and 143 after SIGINT and
// SIGTERM; a second signal ends the program, and its workers with it, in seconds.
func Main(work ...Work) {
	r := register(work)
	r.serve()
	ctx, stop := interrupt.Context()
	code := command(ctx, r.jobs, os.Args, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes of Main, beside those of signals.
const (
	codeUsage   = 2
	codeCluster = 4
)

// command is Main without its process.
func command(ctx context.Context, jobs Jobs, args []string, stdout, stderr io.Writer) int {
	o, job, rest, err := parse(jobs, args, stdout, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "%v\n", err)
		return codeUsage
	}
	console := report.ConsoleOptions{Results: stdout, Verbose: o.Verbose}
	if f, ok := stderr.(*os.File); ok {
		console.Width = report.Terminal(f)
	}
	sink := report.NewConsole(stderr, console)
	o.Report, o.Stderr = sink, stderr
	err = errors.Join(Run(ctx, jobs, o, job, rest), sink.Close())
	if err != nil {
		fmt.Fprintf(stderr, "%v\n", err)
	}
	return exitCode(ctx, err)
}

func exitCode(ctx context.Context, err error) int {
	var ofJob *JobError
	var ofCluster *Error
	switch code := interrupt.Code(ctx); {
	case err == nil:
		return 0
	case code != 0:
		return code
	case errors.As(err, &ofJob):
		return ofJob.Code
	case errors.As(err, &ofCluster):
		return codeCluster
	}
	return 1
}

// parse reads the command line of Main.
func parse(jobs Jobs, args []string, stdout, stderr io.Writer) (o Options, job string, rest []string, err error) {
	var tokenFile string
	names := slices.Sorted(maps.Keys(jobs))
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard) // who called tells the error
	flags.Usage = func() {}
	flags.StringVar(&o.Cluster, "cluster", inProcess, "where to run: local, local:N, sc://host:port")
	flags.IntVar(&o.Workers, "workers", 0, "number of workers on Spark; 0 is one for each slot")
	flags.StringVar(&tokenFile, "token-file", "", "file with the token for Spark Connect; without it, that of "+tokenEnv+" or "+remoteEnv)
	flags.IntVar(&o.Threads, "threads", 0, "threads of each worker; 0 divides those there are")
	flags.DurationVar(&o.Join, "join-timeout", o.withDefaults().Join, "until all workers have met")
	flags.DurationVar(&o.Query, "query-timeout", o.withDefaults().Query, "until Spark has the rows that it feeds")
	flags.DurationVar(&o.Peer, "peer-timeout", o.withDefaults().Peer, "without a word until a worker counts as lost")
	flags.DurationVar(&o.Connect, "connect-timeout", o.withDefaults().Connect, "to reach the cluster, or the driver from a worker")
	flags.IntVar(&o.Restarts, "restarts", o.withDefaults().Restarts, "losses in a row, without a new checkpoint, that the job survives; -1 is none")
	flags.StringVar(&o.Folder, "folder", "", "URL of shared storage to talk by where the driver cannot be reached")
	flags.StringVar(&o.WorkerBinary, "worker-binary", "", "this program for executors of another system")
	flags.BoolVar(&o.Verbose, "v", false, "show what the workers write to standard error")
	flags.Func("read", "file or folder that workers may read as driver://NAME; may be repeated", appendTo(&o.Read))
	flags.Func("write", "file or folder that workers may write as driver://NAME; may be repeated", appendTo(&o.Write))
	if err := flags.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stdout, "usage: %s [flags] [job] [arguments]\njobs: %s\nflags:\n", args[0], strings.Join(names, ", "))
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return o, "", nil, err
	} else if err != nil {
		return o, "", nil, fmt.Errorf("%w; %s -h lists the flags", err, args[0])
	}
	rest = flags.Args()
	WithoutToken(args[1:len(args)-len(rest)], stderr) // for its warning
	if o.Token, err = ReadToken(tokenFile, stderr); err != nil {
		return o, "", nil, err
	}
	switch {
	case len(rest) > 0 && jobs[rest[0]] != nil:
		job, rest = rest[0], rest[1:]
	case len(names) == 1:
		job = names[0]
	default:
		return o, "", nil, fmt.Errorf("which job? Name one of %s", strings.Join(names, ", "))
	}
	if len(rest) > 0 && rest[0] == "--" {
		rest = rest[1:]
	}
	return o, job, rest, CheckAddress(o.Cluster)
}

func appendTo(list *[]string) func(string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
}
