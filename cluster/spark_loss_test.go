package cluster

import (
	"errors"
	"slices"
	"testing"

	"github.com/emberml/ember/spark/connect"
)

// The messages are those of Spark 4.3.0 and 3.5.9.
func TestEndOf(t *testing.T) {
	const barrier = "Job aborted due to stage failure: Could not recover from a failed barrier ResultStage. Most recent failure reason: Stage failed because barrier task ResultTask(69, 1) finished unsuccessfully.\n"
	for _, test := range []struct {
		name string
		err  error
		want exit
		log  []string
	}{
		{
			"worker", &connect.Error{Message: barrier + "org.apache.spark.api.python.PythonException: [PYTHON_EXCEPTION] An exception was thrown from the Python worker: Traceback (most recent call last):\n" +
				"  File \"ember-starter\", line 170, in finish\nRuntimeError: ember worker on host-7 was killed by signal 9; its last log lines:\nout of luck\nand of memory\n\n SQLSTATE: 38000"},
			exit{index: 1, cause: "the worker on host-7 was killed by signal 9"},
			[]string{"out of luck", "and of memory"},
		},
		{
			"silent worker", &connect.Error{Message: barrier + "RuntimeError: ember worker on host-7 ended with exit code 3; its last log lines:\n\n SQLSTATE: 38000"},
			exit{index: 1, cause: "the worker on host-7 ended with exit code 3"},
			nil,
		},
		{
			"no way to the driver", &connect.Error{Message: barrier + "RuntimeError: ember worker on host-7 ended with exit code 1; its last log lines:\nhello\n" +
				"the driver cannot be reached within 15s: dial tcp 192.0.2.1:4000: i/o timeout\nbye\n\n SQLSTATE: 38000"},
			exit{index: 1, cause: "the worker on host-7: the driver cannot be reached within 15s: dial tcp 192.0.2.1:4000: i/o timeout", final: true, hint: reachHint},
			[]string{"hello", "the driver cannot be reached within 15s: dial tcp 192.0.2.1:4000: i/o timeout", "bye"},
		},
		{
			"Ember as Python", &connect.Error{Message: barrier + "org.apache.spark.SparkException: Python worker exited unexpectedly (crashed). Consider setting 'spark.sql.execution.pyspark.udf.faulthandler.enabled'"},
			exit{index: 1, cause: "its process crashed or was killed"},
			nil,
		},
		{
			"executor", &connect.Error{Message: barrier + "ExecutorLostFailure (executor 0 exited caused by one of the running tasks) Reason: Command exited with code 137"},
			exit{index: 1, cause: "executor 0 is lost: Command exited with code 137"},
			nil,
		},
		{
			"plain task", &connect.Error{Message: "Job aborted due to stage failure: Task 3 in stage 5.0 failed 4 times, most recent failure: Lost task 3.3 in stage 5.0 (TID 12) (127.0.0.1 executor 1): ExecutorLostFailure (executor 1 exited caused by one of the running tasks) Reason: Executor heartbeat timed out after 120001 ms"},
			exit{index: 3, cause: "executor 1 is lost: Executor heartbeat timed out after 120001 ms"},
			nil,
		},
		{
			"query", &connect.Error{Op: "read rows", Message: "[DIVIDE_BY_ZERO] Division by zero."},
			exit{index: -1, cause: "spark connect: read rows: [DIVIDE_BY_ZERO] Division by zero.", final: true},
			nil,
		},
		{
			"refusal", &connect.Error{Op: "read rows", Message: "no.", Remedy: "ask nicely"},
			exit{index: -1, cause: "spark connect: read rows: no.; ask nicely", final: true},
			nil,
		},
		{"connection", errors.New("broken\npipe"), exit{index: -1, cause: "broken pipe"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, log := endOf(test.err)
			if got != test.want || !slices.Equal(log, test.log) {
				t.Errorf("%+v with log %q\nwant %+v with log %q", got, log, test.want, test.log)
			}
		})
	}
}
