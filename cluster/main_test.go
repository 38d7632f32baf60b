package cluster

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestCommandLine: a mistake is told once, with what to do, and has its exit code.
func TestCommandLine(t *testing.T) {
	ran := Job(func(_ context.Context, w *Worker) error {
		var args []string
		if err := w.Decode(&args); err != nil {
			return err
		}
		return errors.New("ran " + strings.Join(args, " "))
	})
	one, two := Jobs{"a": ran}, Jobs{"a": ran, "b": ran}
	for _, c := range []struct {
		jobs   Jobs
		args   string
		code   int
		stdout string
		stderr string
	}{
		{one, "-h", 0, "flags:\n", ""},
		{one, "x y", 1, "", "ran x y"},
		{one, "a x", 1, "", "ran x"},
		{one, "a -- -x", 1, "", "ran -x"},
		{two, "b x", 1, "", "ran x"},
		{two, "x", codeUsage, "", "which job? Name one of a, b"},
		{one, "-nonsense", codeUsage, "", "not defined: -nonsense; prog -h lists the flags"},
		{one, "-workers x", codeUsage, "", `invalid value "x"`},
		{one, "-cluster yarn", codeUsage, "", `"yarn" is no cluster`},
		{one, "-cluster yarn://h/;token=secret", codeUsage, "", `"yarn://h/" is no cluster`},
		{one, "-cluster sc:///;token=secret", codeCluster, "", "warning: a token on the command line"},
		{one, "-token-file /no/such/file", codeUsage, "", "the token for Spark Connect: open /no/such/file"},
	} {
		var stdout, stderr strings.Builder
		code := command(t.Context(), c.jobs, append([]string{"prog"}, strings.Fields(c.args)...), &stdout, &stderr)
		if code != c.code || !strings.Contains(stdout.String(), c.stdout) || c.stderr != "" && strings.Count(stderr.String(), c.stderr) != 1 {
			t.Errorf("%s: exit code %d\n%s%s", c.args, code, stdout.String(), stderr.String())
		}
		if strings.Contains(stderr.String(), "secret") {
			t.Errorf("%s: the token is shown: %s", c.args, stderr.String())
		}
	}
}
