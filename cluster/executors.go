package cluster

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/spark/connect"
	"github.com/emberml/ember/spark/worker"
)

// surveyRows is more than a cluster has slots: Spark deals that many rows to as many
// partitions as it has.
const surveyRows = 4096

// splits is how Spark's plan tells into how many partitions it cuts a range.
var splits = regexp.MustCompile(`\bRange \(.*splits=(\d+)\)`)

// countSlots tells how many tasks can run at once, without running one.
func countSlots(ctx context.Context, s *connect.Session) (int, error) {
	plan, err := s.Range(0, surveyRows, 1, 0).Explain(ctx)
	if err != nil {
		return 0, err
	}
	if m := splits.FindStringSubmatch(plan); m != nil {
		return strconv.Atoi(m[1])
	}
	_, slots, err := executors(ctx, s)
	return slots, err
}

// executors asks executors for their system, and counts slots.
func executors(ctx context.Context, s *connect.Session) (p platform, slots int, err error) {
	frames, err := s.Range(0, surveyRows, 1, 0).Select(
		"spark_partition_id() AS slot",
		"reflect('java.lang.System', 'getProperty', 'os.name') AS os",
		"reflect('java.lang.System', 'getProperty', 'os.arch') AS arch",
	).Collect(ctx)
	if err != nil {
		return p, 0, err
	}
	seen := map[int32]bool{}
	for _, f := range frames {
		names, archs := f.ByName("os"), f.ByName("arch")
		for i, slot := range frame.Values[int32](f.ByName("slot")) {
			seen[slot] = true
			q := javaPlatform(names.String(i), archs.String(i))
			if p != (platform{}) && p != q {
				return p, 0, fmt.Errorf("the executors are of different kinds, %v and %v: Ember needs them to be of one", p, q)
			}
			p = q
		}
	}
	return p, len(seen), nil
}

// emberPython is what the version of a Python is called that is Ember.
const emberPython = "ember/1;spark="

// otherPython is how Spark's Python worker says which version it is.
var otherPython = regexp.MustCompile(`Python in worker has different version:? \(?'?(\d+)[., ]+(\d+)`)

// noProgram is how Spark says that PYSPARK_PYTHON is not there.
var noProgram = regexp.MustCompile(`Cannot run program "([^"]*)"`)

func programOf(err error) string {
	if m := noProgram.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return ""
}

// findPython starts a task on one executor to learn what PYSPARK_PYTHON is there.
func (s *shipment) findPython(ctx context.Context) error {
	for {
		err := s.probe(ctx)
		if err == nil || noArrow.MatchString(err.Error()) { // which a Python says whose version is right
			s.remember()
			return nil
		}
		if corrected := s.correct(ctx, err); corrected == err {
			return &Error{Rank: -1, Cause: "no task can be started on the executors: " + err.Error()}
		} else if corrected != nil {
			return corrected
		}
	}
}

// probe runs a task that does nothing. Without a barrier Spark would try one that
// fails four times, on one executor after the other.
func (s *shipment) probe(ctx context.Context) error {
	command, err := worker.Command(worker.Payload{Message: []byte(`{}`), Schema: taskSchema})
	if err != nil {
		return err
	}
	_, err = s.session.Range(0, 1, 1, 1).MapPartitions(s.function(command, taskColumns, s.once)).Collect(ctx)
	return err
}

// function is a command as the executors' Python takes it.
func (s *shipment) function(command []byte, rows frame.Schema, barrier bool) connect.Function {
	return connect.Function{Name: "ember", Command: command, PythonVersion: s.Python, Schema: rows, Barrier: barrier}
}
