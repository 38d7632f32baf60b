// Command ember trains, measures and runs machine-learning models.
//
//	ember train lenet --data mnist --epochs 3
//	ember predict lenet.onnx --data digits/
//
// "ember help" lists the commands, "ember COMMAND --help" explains one.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/internal/interrupt"
	"github.com/emberml/ember/internal/kernel"
)

func main() {
	cluster.Serve(jobs)
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// cli is the command line: one field a command.
type cli struct {
	Train   trainCmd   `cmd:"" help:"Train a model and save it as an ONNX file."`
	Eval    evalCmd    `cmd:"" help:"Measure a model on data."`
	Predict predictCmd `cmd:"" help:"Predict with a model: rows in, rows with predictions out."`
	Show    showCmd    `cmd:"" help:"Show a model, a net file or a built-in net."`
	Run     runCmd     `cmd:"" help:"Run a model on raw tensors."`
	Data    dataCmd    `cmd:"" help:"Describe a data set, or copy it to another format."`
	Doctor  doctorCmd  `cmd:"" help:"Find out what this machine, or a cluster, can do, and what to change."`
	Version versionCmd `cmd:"" help:"Print version, Go and kernel variant."`
}

const description = `Deep learning and machine learning in one binary.

Examples:

  ember train lenet --data mnist --epochs 3
  ember train lenet --data mnist --cluster sc://spark-master:15002
  ember eval lenet.onnx --data mnist
  ember predict lenet.onnx --data digit.png

Exit codes: 0 done, 1 failed on the way, 2 the command line, net file or an option is wrong, 3 the data or the model is wrong,
4 a cluster or a worker failed, or did not come in time, 130 and 143 ended by SIGINT and SIGTERM.`

// env is what commands act on.
type env struct {
	ctx context.Context //nolint:containedctx // of one command
	// program and args are the command line, for the line to resume with.
	program string
	args    []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
}

// notef tells a person what was done or assumed.
func (e *env) notef(format string, args ...any) { fmt.Fprintf(e.stderr, "note: "+format+"\n", args...) }

// run is the program: it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return exit(newParser(&cli{}, stdout, stderr), args, stdin, stdout, stderr)
}

// newParser makes the parser that fills in a command line.
func newParser(c *cli, stdout, stderr io.Writer) *kong.Kong {
	parser, err := kong.New(c,
		kong.Name("ember"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110, NoExpandSubcommands: true}),
		kong.Exit(func(code int) { panic(exitCode(code)) }),
		kong.ExplicitGroups(groups),
	)
	if err != nil {
		panic(err) // a mistake in the structs above
	}
	return parser
}

// exitCode leaves kong after it has printed a help text.
type exitCode int

func exit(parser *kong.Kong, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			c, ok := r.(exitCode)
			if !ok {
				panic(r)
			}
			code = int(c)
		}
	}()
	switch {
	case len(args) == 0 || args[0] == "help":
		args = append(args[min(1, len(args)):], "--help")
	case args[0] == "--version":
		args = []string{"version"}
	}
	ctx, stop := interrupt.Context()
	defer stop()
	err := execute(parser, &env{ctx: ctx, program: os.Args[0], args: args, stdin: stdin, stdout: stdout, stderr: stderr})
	if err != nil && !errors.Is(err, errTold) {
		fmt.Fprintf(stderr, "ember: %v\n", err)
	}
	return codeOf(ctx, err)
}

// execute runs the command that the arguments name.
func execute(parser *kong.Kong, e *env) error {
	command, err := parser.Parse(e.args)
	if err != nil {
		return usageError{fmt.Errorf("%w\n%s", err, usageHint(parser, e.args))}
	}
	e.args = cluster.WithoutToken(e.args, e.stderr) // to be passed on and shown
	if _, err := kernel.Selected(); err != nil {
		return usageError{fmt.Errorf("%w; this machine runs %s", err, kernelNames())}
	}
	return command.Run(e)
}

// usageHint says where to read on after a mistake on the command line.
func usageHint(parser *kong.Kong, args []string) string {
	command := ""
	for _, c := range parser.Model.Children {
		if len(args) > 0 && args[0] == c.Name {
			command = c.Name + " "
		}
	}
	return fmt.Sprintf("Run \"ember %s--help\" for what it takes.", command)
}
