//go:build spark

package main

import (
	"context"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/internal/sparktest"
	"github.com/emberml/ember/model"
	"github.com/emberml/ember/tensor"
)

// secretToken is what the Connect server wants, where it can.
const secretToken = "correct-horse-battery-staple"

// longScripts are left out with -short.
var longScripts = []string{"plain", "faults", "standalone", "hosts", "olderbare"}

// TestSpark runs the scripts in testdata/spark, some one after the other on the same
// cluster, whose address is $SPARK. The machine has room for one cluster at a time.
func TestSpark(t *testing.T) {
	for _, test := range []struct {
		name    string
		scripts []string
		options sparktest.Options
	}{
		{"4.3", []string{"equal", "rows", "faults"}, sparktest.Options{Cores: 2, Token: secretToken}},
		{"4.3 standalone", []string{"standalone"}, sparktest.Options{Standalone: true}},
		{"4.3 hosts", []string{"hosts"}, sparktest.Options{Standalone: true}},
		{"4.3 dynamic", []string{"dynamic"}, sparktest.Options{DynamicAllocation: true}},
		{"4.3 without pyarrow", []string{"plain"}, sparktest.Options{Python: sparktest.PythonWithoutArrow(t)}},
		{"4.3 without Python", []string{"bare"}, sparktest.Options{Python: "./ember"}},
		{"3.5", []string{"older"}, sparktest.Options{Version: sparktest.Spark35}},
		{"3.5 without Python", []string{"olderbare"}, sparktest.Options{Version: sparktest.Spark35, Python: "./ember"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sparktest.Long(t, slices.Contains(longScripts, test.scripts[0]))
			if test.scripts[0] == "hosts" {
				test.options.Network = sparktest.NewNetwork(t, 3)
			}
			cluster := sparktest.Start(t, test.options)
			for _, script := range test.scripts {
				t.Run(script, func(t *testing.T) {
					sparktest.Long(t, slices.Contains(longScripts, script))
					runOnSpark(t, cluster, test.options, script)
				})
			}
			if token := test.options.Token; token != "" {
				logs := cluster.ExecutorLogs()
				logs["the server's log"] = cluster.Log()
				for name, text := range logs {
					if strings.Contains(text, token) {
						t.Errorf("%s holds the token", name)
					}
				}
			}
		})
	}
}

func runOnSpark(t *testing.T, cluster *sparktest.Cluster, o sparktest.Options, script string) {
	commands := maps.Clone(scriptCommands)
	maps.Copy(commands, map[string]func(*testscript.TestScript, bool, []string){
		"close":  scriptClose,
		"groups": scriptGroups,
		"strike": func(ts *testscript.TestScript, _ bool, args []string) { scriptStrike(ts, cluster, args) },
		"insist": func(ts *testscript.TestScript, _ bool, args []string) { scriptInsist(ts, cluster, args) },
		"ports":  func(ts *testscript.TestScript, _ bool, args []string) { scriptPorts(ts, cluster, args) },
		"idle":   func(ts *testscript.TestScript, _ bool, _ []string) { scriptIdle(ts, cluster) },
	})
	testscript.Run(t, testscript.Params{
		Files:               []string{filepath.Join("testdata", "spark", script+".txt")},
		RequireExplicitExec: true,
		Cmds:                commands,
		Setup: func(e *testscript.Env) error {
			// What ships is the program as it is released, not this test.
			e.Setenv("PATH", filepath.Dir(sparktest.Binary(t))+string(filepath.ListSeparator)+e.Getenv("PATH"))
			e.Setenv("EMBER_DATA", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("EMBER_TOKEN", secretToken)
			if n := o.Network; n != nil {
				e.Setenv("EMBER_TOKEN", "") // which is not sent to another host without TLS
				e.Setenv("DRIVER", n.Namespace(2))
				e.Setenv("DRIVER_ADDRESS", n.Address(2))
				e.Setenv("SECOND", n.Namespace(1))
			}
			e.Setenv("SPARK", cluster.Remote)
			e.Values["env"] = e
			return nil
		},
	})
}

// scriptStrike is: strike worker|executor|driver SIGNAL N program args… It runs a
// program, sends the signal after the first checkpoint, to the last of Spark's
// executors or of Ember's workers there or to the program, and wants the exit code N.
// When the program has ended, no worker may be left.
func scriptStrike(ts *testscript.TestScript, cluster *sparktest.Cluster, args []string) {
	signalAt(ts, "checkpoint", args[1], args[2], args[3:], func(driver *os.Process) *os.Process {
		var victims []sparktest.Process
		switch args[0] {
		case "driver":
			return driver
		case "worker":
			victims = workersOf(cluster)
		case "executor":
			victims = cluster.Executors()
		}
		return last(ts, victims)
	})
	scriptIdle(ts, cluster)
}

// scriptInsist is: insist program args… It runs a program, and after the first checkpoint
// stops a worker, for which the program then waits, and sends two signals to the program.
// The second must end it at once, and with it its session on the cluster.
func scriptInsist(ts *testscript.TestScript, cluster *sparktest.Cluster, args []string) {
	closed := func() int { return strings.Count(cluster.Log(), "Closing session with userId") }
	before := closed()
	signalAt(ts, "checkpoint", "TERM", "130", args, func(driver *os.Process) *os.Process {
		ts.Check(last(ts, workersOf(cluster)).Signal(sigstop))
		ts.Check(driver.Signal(os.Interrupt)) // comes before a SIGTERM
		return driver
	})
	if now := closed(); now != before+1 {
		ts.Fatalf("%d sessions were closed, want one", now-before)
	}
	scriptIdle(ts, cluster)
}

// scriptPorts is: ports program args… It runs a program, and after the first checkpoint
// ends it. Then the workers must listen at no port any more, and the program at one.
func scriptPorts(ts *testscript.TestScript, cluster *sparktest.Cluster, args []string) {
	signalAt(ts, "checkpoint", "INT", "130", args, func(driver *os.Process) *os.Process {
		workers := embers(cluster)
		if len(workers) < 2 {
			ts.Fatalf("the workers are %v, want at least 2", workers)
		}
		for _, w := range workers {
			if ports := w.Ports(); len(ports) > 0 {
				ts.Fatalf("%v listens at %v", w, ports)
			}
		}
		if ports := (sparktest.Process{PID: driver.Pid}).Ports(); len(ports) != 1 {
			ts.Fatalf("the driver listens at %v, want one port", ports)
		}
		return driver
	})
	scriptIdle(ts, cluster)
}

// last is the last of several processes.
func last(ts *testscript.TestScript, processes []sparktest.Process) *os.Process {
	if len(processes) < 2 {
		ts.Fatalf("the processes are %v, want at least 2", processes)
	}
	p, err := os.FindProcess(processes[len(processes)-1].PID)
	ts.Check(err)
	return p
}

// workersOf are the processes that work for Ember, one for each worker.
func workersOf(cluster *sparktest.Cluster) []sparktest.Process {
	if found := embers(cluster); len(found) > 0 {
		return found
	}
	return withArgument(cluster, "ember.connection") // it is the executors' Python
}

// scriptIdle is: idle. No worker of Ember may be left, soon, on the executors, no task
// of Spark, and no port or file of Ember, there or among this script's temporary files.
func scriptIdle(ts *testscript.TestScript, cluster *sparktest.Cluster) {
	deadline := time.After(time.Minute)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	left := func() []string {
		files, err := filepath.Glob(filepath.Join(ts.Getenv("TMPDIR"), "*ember*"))
		ts.Check(err)
		return append(files, cluster.Leftover()...)
	}
	for len(embers(cluster)) > 0 || len(cluster.RunningTasks()) > 0 || len(left()) > 0 {
		select {
		case <-look.C:
		case <-deadline:
			ts.Fatalf("workers are left: %v, and tasks: %v, and %v", embers(cluster), cluster.RunningTasks(), left())
		}
	}
}

// embers are the processes of Ember that work for the executors' Python, each on one
// task.
func embers(cluster *sparktest.Cluster) []sparktest.Process {
	return withArgument(cluster, "ember.worker")
}

// withArgument are the processes on the executors that have the argument.
func withArgument(cluster *sparktest.Cluster, argument string) []sparktest.Process {
	return slices.DeleteFunc(cluster.Workers(), func(p sparktest.Process) bool { return !slices.Contains(p.Args, argument) })
}

// scriptGroups is: groups FROM TO BYTES. It copies a Parquet file, without what only
// Ember knows, with row groups of so many bytes.
func scriptGroups(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	from, err := data.OpenParquet(ctx, ts.MkAbs(args[0]))
	ts.Check(err)
	defer from.Close()
	group := 0
	next := func() (*frame.Frame, error) {
		if group == len(from.Groups()) {
			return nil, io.EOF
		}
		f, err := from.Read(ctx, group)
		group++
		return f, err
	}
	ts.Check(data.WriteParquet(ctx, ts.MkAbs(args[1]), from.Schema(), next, data.ParquetOptions{GroupBytes: int64(atoi(ts, args[2]))}))
}

// scriptClose is: close A B LIMIT. The weights of two models must not differ by more.
func scriptClose(ts *testscript.TestScript, _ bool, args []string) {
	limit, err := strconv.ParseFloat(args[2], 64)
	ts.Check(err)
	ctx := context.Background()
	a, err := model.Load(ctx, ts.MkAbs(args[0]))
	ts.Check(err)
	defer a.Close()
	b, err := model.Load(ctx, ts.MkAbs(args[1]))
	ts.Check(err)
	defer b.Close()
	if len(a.Weights()) == 0 || len(a.Weights()) != len(b.Weights()) {
		ts.Fatalf("%d and %d weights", len(a.Weights()), len(b.Weights()))
	}
	for name, x := range a.Weights() {
		y := tensor.Data[float32](b.Weights()[name])
		for i, v := range tensor.Data[float32](x) {
			if d := math.Abs(float64(v - y[i])); !(d <= limit) {
				ts.Fatalf("%s and %s: %s differs by %v at %d", args[0], args[1], name, d, i)
			}
		}
	}
}
