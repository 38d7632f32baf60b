package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/emberml/ember/cluster"
)

type doctorCmd struct {
	Cluster place `group:"cluster" default:"local" placeholder:"C" help:"What to examine: local, this machine; local:N, with N processes on it; sc://host:port, Spark."`
	connection
	JSON bool `name:"json" group:"output" help:"Write findings as JSON lines."`
}

// Help is shown by ember doctor --help.
func (doctorCmd) Help() string {
	return `
Examples:

  ember doctor
  ember doctor --cluster sc://spark-master:15002
  ember doctor --cluster sc://spark-master:15002 --meeting s3://bucket/tmp

Each finding is one line: ok, warning (it works, but not as well as it could) or problem (it does not work), what was looked at,
what was found, and the remedy. On Spark, the examination goes the way of a training: it connects, sends this program to the
executors and starts it in the place of each worker, where it reaches for this machine and for every other worker.

The exit code is 0 without a problem, else 4.`
}

// Run examines, and tells each finding when it is known.
func (c *doctorCmd) Run(e *env) error {
	o, err := c.options(e, c.Cluster)
	if err != nil {
		return err
	}
	tell := c.telling(e)
	var problems int
	var told error
	err = cluster.Diagnose(e.ctx, o, func(f cluster.Finding) {
		if f.Level == cluster.Problem {
			problems++
		}
		told = errors.Join(told, tell(f))
	})
	if err := errors.Join(err, told); err != nil || problems == 0 {
		return err
	}
	noun := "problem"
	if problems > 1 {
		noun = "problems"
	}
	return &cluster.Error{Rank: -1, Cause: fmt.Sprintf("the doctor found %d %s", problems, noun)}
}

// telling is how a finding is written.
func (c *doctorCmd) telling(e *env) func(cluster.Finding) error {
	if c.JSON {
		encoder := json.NewEncoder(e.stdout)
		encoder.SetEscapeHTML(false)
		return func(f cluster.Finding) error { return encoder.Encode(f) }
	}
	return func(f cluster.Finding) error {
		_, err := fmt.Fprintln(e.stdout, findingLine(f))
		return err
	}
}

// findingLine is a finding for people. Names of hosts may be longer than their column.
func findingLine(f cluster.Finding) string {
	line := fmt.Sprintf("%-8s %-16s %s", f.Level, f.Check, f.Text)
	if f.Remedy != "" {
		line += "; remedy: " + f.Remedy
	}
	return strings.TrimRight(line, " ")
}
