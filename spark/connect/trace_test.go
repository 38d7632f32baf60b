package connect

import "testing"

func TestTrimTrace(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"nothing to trim": {"[DIVIDE_BY_ZERO] Division by zero.\n== SQL ==\nSELECT 1/0\n       ^^^", "[DIVIDE_BY_ZERO] Division by zero.\n== SQL ==\nSELECT 1/0\n       ^^^"},
		"a failed job": {
			"Job aborted due to stage failure: Lost task 0.0: java.io.IOException: no\n\tat org.apache.spark.A.b(A.scala:1)\n\t... 3 more\nCaused by: disk full\n\tat java.base/x(Y.java:2)\n\nDriver stacktrace:\n\tat z(Z.java:3)",
			"Job aborted due to stage failure: Lost task 0.0: java.io.IOException: no\nCaused by: disk full",
		},
		"Python": {
			"[PYTHON_EXCEPTION] An exception was thrown from the Python worker: Traceback (most recent call last):\n" +
				"  File \"/opt/spark/python/lib/pyspark.zip/pyspark/worker.py\", line 1, in main\n    process()\n    ~~~~~~~^^\n" +
				"  File \"<string>\", line 3, in ember_map\nOSError: no binary\n",
			"[PYTHON_EXCEPTION] An exception was thrown from the Python worker: Traceback (most recent call last):\n" +
				"  File \"<string>\", line 3, in ember_map\nOSError: no binary",
		},
		"frames alone": {"\tat a.b(C.java:1)", "\tat a.b(C.java:1)"},
	} {
		if got := trimTrace(test.in); got != test.want {
			t.Errorf("%s:\n%q, want\n%q", name, got, test.want)
		}
	}
}
