//go:build spark

package sparktest_test

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emberml/ember/internal/sparktest"
)

func TestMain(m *testing.M) { os.Exit(sparktest.Main(m)) }

// TestStart starts what TestShared does not, and asks for what the others stand on.
func TestStart(t *testing.T) {
	for _, test := range []struct {
		name    string
		options sparktest.Options
	}{
		{"4.3 standalone", sparktest.Options{Standalone: true}},
		{"3.5", sparktest.Options{Version: sparktest.Spark35}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sparktest.Long(t, !test.options.Standalone)
			c := sparktest.Start(t, test.options)
			conn, err := net.DialTimeout("tcp", strings.TrimPrefix(c.Remote, "sc://"), 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
			sparktest.Await(t, time.Minute, "two executors", func() bool { return len(c.Executors()) == 2 })
			if workers := c.Workers(); len(workers) > 0 {
				t.Errorf("workers %v before any task", workers)
			}
		})
	}
}

// TestShared checks that equal options give one cluster, that Spark replaces its executors, and we itself when it died.
func TestShared(t *testing.T) {
	c := sparktest.Shared(t, sparktest.Options{Token: "secret"})
	if sparktest.Shared(t, sparktest.Options{Token: "secret", Executors: 2}) != c {
		t.Error("another cluster for the same options")
	}
	sparktest.Await(t, time.Minute, "two executors", func() bool { return len(c.Executors()) == 2 })
	first := c.Executors()[0]
	if err := first.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	sparktest.Await(t, time.Minute, "a new executor in the place of the killed one", func() bool {
		now := c.Executors()
		return len(now) == 2 && now[0].PID != first.PID
	})
	for _, p := range c.Processes() {
		if strings.Contains(p.String(), "secret") {
			t.Errorf("the token stands in the arguments of %v", p)
		}
		if err := p.Signal(syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	sparktest.Await(t, time.Minute, "the end of all", func() bool { return len(c.Processes()) == 0 })
	if fresh := sparktest.Shared(t, sparktest.Options{Token: "secret"}); fresh == c || fresh.Remote == c.Remote {
		t.Error("the dead cluster again")
	}
}

func TestBinary(t *testing.T) {
	out, err := exec.Command(sparktest.Binary(t), "version").CombinedOutput()
	if err != nil || len(out) == 0 {
		t.Errorf("ember version: %v: %s", err, out)
	}
}

func TestPythonWithoutArrow(t *testing.T) {
	out, err := exec.Command(sparktest.PythonWithoutArrow(t), "-c", "print(1)").CombinedOutput()
	if err != nil || string(out) != "1\n" {
		t.Errorf("%v: %s", err, out)
	}
}
