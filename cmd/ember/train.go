package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/report"
	"github.com/emberml/ember/storage"
	"github.com/emberml/ember/train"
)

type trainCmd struct {
	What string `arg:"" help:"What to train: a net file (.yaml, .json), a built-in net (mlp, lenet, autoencoder, vgg11, vgg11_bn, vgg16, vgg16_bn, resnet18, resnet34, resnet50, mobilenet_v2, bert, bert_mini, bert_small), or a model (.onnx) to train on."`

	Data   string    `required:"" group:"data" placeholder:"D" help:"Data to train on; see above."`
	Valid  string    `group:"data" placeholder:"D" help:"Data to measure on after each epoch."`
	Test   string    `group:"data" placeholder:"D" help:"Data to measure on at the end. A set with a test part, such as mnist, needs none."`
	Target string    `group:"data" placeholder:"COL" help:"Column to learn; several are parted by commas."`
	Split  fractions `group:"data" placeholder:"F,F[,F]" help:"Cut the data by the seed: fractions to train and to validate on, and a third to test on; such as 0.8,0.1,0.1."`

	Epochs         *int     `group:"training" placeholder:"N" help:"Passes over the training data."`
	Steps          *int     `group:"training" placeholder:"N" help:"Stop after so many updates."`
	Batch          *int     `group:"training" placeholder:"N" help:"Samples of one update."`
	Seed           *uint64  `group:"training" placeholder:"N" help:"Key of all random numbers."`
	VirtualWorkers *int     `group:"training" placeholder:"N" help:"Cut each batch into N fixed parts, computed one after the other or by different workers: it saves memory, and the model is the same, bit for bit, for any number of workers up to N."`
	Freeze         []string `group:"training" sep:"none" placeholder:"GLOB" help:"Layers or parameters that stay as they are, such as 'conv2d_*'. May be repeated."`
	Set            []string `group:"training" sep:"none" placeholder:"KEY=VALUE" help:"Set any field of the net file, such as optimizer.adam.lr=0.01 or layers.0.conv2d.filters=8. May be repeated."`

	computing
	workers
	Checkpoint string `group:"run" placeholder:"URL" help:"Folder of checkpoints; <out>.ckpt by default."`
	Resume     bool   `group:"run" help:"Go on from the newest checkpoint."`

	Out     string `short:"o" group:"output" placeholder:"M.onnx" help:"Model to write; <name of the net>.onnx by default."`
	LogDir  string `group:"output" placeholder:"DIR" help:"Write event files for TensorBoard."`
	JSON    bool   `name:"json" group:"output" help:"Write results as JSON lines to standard output."`
	Quiet   bool   `short:"q" group:"output" help:"Show no progress."`
	Verbose bool   `short:"v" group:"output" help:"Show checkpoints too, and steps with --json."`
}

// Help is shown by ember train --help.
func (trainCmd) Help() string {
	return `
Examples:

  ember train lenet --data mnist --epochs 3
  ember train net.yaml --data train.csv --target price --split 0.8,0.1,0.1
  ember train mlp --data photos/ --set layers.1.dense.units=256 --set optimizer.adamw.lr=0.003
  ember train lenet.onnx --data more/ --freeze 'conv2d_*' --out tuned.onnx
  ember train lenet --data mnist --cluster local:2
  ember train net.yaml --data 'spark:SELECT label, pixels FROM t' --cluster sc://spark-master:15002 --workers 4

What is learned follows from the net's loss: cross_entropy learns classes, binary_cross_entropy two, mse and the like numbers;
with "target: input" a net learns its input. Built-in nets take input and output from the data. To write a net of your own, start
from ember show lenet --yaml.

Ctrl-C writes a checkpoint and prints the line to resume with; the model is then the same, bit for bit, as that of a run without
interruption.

On Spark nothing has to be prepared: the executors get this program through the session. A token for Spark Connect comes from
EMBER_TOKEN, from SPARK_REMOTE if that names the same server, or from --token-file. ember doctor --cluster C says what a cluster
can do.
` + sourceHelp + `On a cluster, workers open files and URLs (hdfs://, s3://) themselves, so D must be what all of them see; spark:TABLE and
'spark:SELECT …' are rows that Spark feeds to them.
`
}

// Run trains, saves and reports.
func (c *trainCmd) Run(e *env) (err error) {
	sink := c.sink(e)
	defer func() { err = errors.Join(err, sink.Close()) }()
	if err := c.checkPlace(); err != nil {
		return err
	}
	if c.Cluster != here {
		return c.spread(e, sink)
	}
	parts, err := c.virtualWorkers(e.ctx)
	if err != nil {
		return err
	}
	return c.fit(e, seat{group: comm.Solo(), parts: parts, report: sink, resume: c.Resume, name: func(name string) string { return name }})
}

// seat is the place of one process in a training.
type seat struct {
	worker *cluster.Worker // nil: there is no cluster
	group  *comm.Group
	parts  int    // virtual workers; 0: one for each
	lender string // where a worker takes built-in data sets from
	report report.Sink
	resume bool
	name   func(string) string // by which this process knows a file of the command line
}

// fit trains and saves, as one of a group.
func (c *trainCmd) fit(e *env, s seat) error {
	backend, err := c.backend()
	if err != nil {
		return err
	}
	defer backend.Close()
	p, err := c.prepare(e, s)
	if err != nil {
		return err
	}
	defer p.Close()
	job := p.job
	job.Backend, job.Threads, job.Memory = backend, backend.Threads(), int(c.Memory)
	variant, _ := kernel.Selected() // an error ended the program before
	job.Kernel, job.Version = variant.Name, buildOf().Version
	job.Report = s.report

	out := c.out(job.Net.Name)
	job.CheckpointDir, job.Resume = s.name(c.checkpointDir(out)), s.resume
	out = s.name(out)
	first := s.group.Rank() == 0
	if first {
		if err := checkOut(e.ctx, out); err != nil {
			return err
		}
	}
	result, err := train.Fit(e.ctx, s.group, job)
	if stopped := (*train.InterruptedError)(nil); errors.As(err, &stopped) && stopped.Checkpoint != "" {
		return fmt.Errorf("%w; go on with:\n\n  %s", err, resumeLine(e.program, e.args))
	}
	if err != nil || !first {
		return err
	}
	if err := result.Model.Save(e.ctx, out); err != nil {
		return fmt.Errorf("%w; training is done, and kept in %s; to save it:\n\n  %s", err, job.CheckpointDir, resumeLine(e.program, e.args))
	}
	s.report.Event(report.Saved{Model: out})
	return nil
}

// out is the model's file.
func (c *trainCmd) out(name string) string {
	if c.Out != "" {
		return c.Out
	}
	return name + ".onnx"
}

func (c *trainCmd) checkpointDir(out string) string {
	if c.Checkpoint != "" {
		return c.Checkpoint
	}
	return out + ".ckpt"
}

// checkOut refuses before training what could not be saved after it.
func checkOut(ctx context.Context, out string) error {
	fsys, err := storage.Find(ctx, out)
	if err != nil {
		return usageError{fmt.Errorf("--out: %w", err)}
	}
	if info, err := fsys.Stat(ctx, out); err == nil && info.Dir {
		return usageError{fmt.Errorf("--out %s: that is a folder; name a file in it, such as %s", out, storage.Join(out, "model.onnx"))}
	}
	w, err := storage.Create(ctx, out, 0)
	if err != nil {
		return usageError{fmt.Errorf("--out: %w", err)}
	}
	return w.Close() // nothing appears
}

// sink is who hears of the run: the terminal, a program, TensorBoard.
func (c *trainCmd) sink(e *env) report.Sink {
	progress, results := e.stderr, e.stdout
	if c.JSON {
		results = e.stderr
	}
	if c.Quiet {
		progress = io.Discard
		if c.JSON {
			results = io.Discard
		}
	}
	o := report.ConsoleOptions{Results: results, Verbose: c.Verbose}
	if f, ok := progress.(*os.File); ok {
		o.Width = report.Terminal(f)
	}
	sinks := []report.Sink{report.NewConsole(progress, o)}
	if c.JSON {
		lines := report.NewJSON(e.stdout)
		lines.Verbose = c.Verbose
		sinks = append(sinks, lines)
	}
	if c.LogDir != "" {
		sinks = append(sinks, report.NewTensorBoard(c.LogDir, nil))
	}
	return report.Multi(sinks...)
}

// resumeLine is the command line that goes on with an interrupted run.
func resumeLine(program string, args []string) string {
	words := []string{quote(program)}
	resumes := false
	for _, a := range args {
		resumes = resumes || a == "--resume"
		words = append(words, quote(a))
	}
	if !resumes {
		words = append(words, "--resume")
	}
	return strings.Join(words, " ")
}

// quote is a word for a POSIX shell.
func quote(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
