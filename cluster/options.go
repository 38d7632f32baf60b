package cluster

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/emberml/ember/report"
	"github.com/emberml/ember/spark/connect"
)

// Options say where a job runs, and with what. The zero value runs it in this
// process.
type Options struct {
	// Cluster is where the workers run: "local" (or empty), in this process;
	// "local:4", in 4 processes of this machine; "sc://host:15002", on the
	// executors of a Spark cluster, by Spark Connect.
	Cluster string
	// Workers is their number on Spark; 0 is one for each slot.
	Workers int
	// Threads of each worker; 0 divides those of this machine among the workers
	// of local:N, and takes the executor's cores on Spark.
	Threads int

	Join    time.Duration // until all workers have met; 0: 2 minutes
	Query   time.Duration // until Spark has the rows of Queries and starts the workers; 0: 30 minutes
	Peer    time.Duration // without a word until a worker counts as lost; 0: 30 seconds
	Connect time.Duration // to reach a cluster, or the driver from a worker; 0: 20 seconds
	Stop    time.Duration // from an interruption until workers are killed; 0: 1 minute
	// Restarts is how many losses in a row, without a new checkpoint between
	// them, the job survives; 0 is 3, less than 0 none.
	Restarts int

	// Host is the name or address of this host by which workers reach the driver,
	// where it is not one of its own addresses; those are tried without it.
	Host string
	// Folder is the URL of shared storage in which workers and driver talk where
	// the driver's port cannot be reached. Empty: there is none.
	Folder string

	// Queries are what Spark feeds to the workers, to train, validate and test:
	// SQL, or a table's name; see [Worker.Rows]. Empty ones are none.
	Queries [3]string
	// VirtualWorkers is the number of parts that the job cuts its batches into,
	// if it does: rows are dealt by them. 0 is one for each worker.
	VirtualWorkers int

	// Token is that of Spark Connect; empty takes the one of the address or of
	// SPARK_REMOTE. WorkerBinary is the program for executors of another system.
	Token        string
	WorkerBinary string

	// Read names files and folders of the driver that workers may read as
	// driver://NAME, Write those that they may read and write. What is below a
	// folder belongs to it, and so does what links in it lead to.
	Read, Write []string

	Report report.Sink                           // hears the first worker's events; nil is nobody
	Result func(rank int, value json.RawMessage) // hears [Worker.Result]; nil is nobody
	Stderr io.Writer                             // for the user: what is waited for, the first worker's log; nil is nobody
	// Verbose passes on what the workers write to their standard error, and tells when
	// each part of the start is over.
	Verbose bool

	began time.Time // when Run was called
}

// phase tells that a part of the start is over.
func (o *Options) phase(what string) {
	if o.Verbose {
		fmt.Fprintf(o.Stderr, "note: %.1f s: %s\n", time.Since(o.began).Seconds(), what)
	}
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&o.Join, 2 * time.Minute}, {&o.Query, 30 * time.Minute}, {&o.Peer, 30 * time.Second}, {&o.Connect, 20 * time.Second}, {&o.Stop, time.Minute}} {
		if *d.value <= 0 {
			*d.value = d.usual
		}
	}
	switch {
	case o.Restarts == 0:
		o.Restarts = 3
	case o.Restarts < 0:
		o.Restarts = 0
	}
	if o.Cluster == "" {
		o.Cluster = inProcess
	}
	if o.Report == nil {
		o.Report = nobody{}
	}
	if o.Result == nil {
		o.Result = func(int, json.RawMessage) {}
	}
	if o.Stderr == nil {
		o.Stderr = nobody{}
	}
	return o
}

// The values of Options.Cluster, and the beginnings of those with more to say.
const (
	inProcess    = "local"
	processes    = "local:"
	sparkConnect = "sc://"
)

// maxLocal bounds the processes of local:N.
const maxLocal = 1024

// CheckAddress is an error if a text is no [Options].Cluster.
func CheckAddress(cluster string) error {
	if count, ok := strings.CutPrefix(cluster, processes); ok {
		_, err := parseCount(count)
		return err
	}
	if cluster == "" || cluster == inProcess || strings.HasPrefix(cluster, sparkConnect) && len(cluster) > len(sparkConnect) {
		return nil
	}
	return fmt.Errorf("%q is no cluster: want local, local:N for N processes of this machine, or sc://host:port", connect.WithoutToken(cluster))
}

func parseCount(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLocal {
		return 0, fmt.Errorf("local:%s: want a number of processes from 1 to %d", text, maxLocal)
	}
	return n, nil
}
