//go:build linux

package sparktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// startTimeout bounds the start of one daemon: ten times what it takes on a machine that does nothing else.
const startTimeout = 3 * time.Minute

// daemon is one JVM of the cluster that this process started: the Connect server, a master or a worker.
type daemon struct {
	pid int
	log *log
}

// launch starts a program of Spark's folder bin on a host and waits for the line that says it is ready, whose match it returns.
func (c *Cluster) launch(host int, name string, ready *regexp.Regexp, program string, args ...string) (*daemon, []string, error) {
	d := &daemon{log: newLog()}
	cmd := c.options.command(host, filepath.Join(c.home(), "bin", program), args...)
	cmd.Dir = c.dir
	cmd.Env = append(c.environment(), "SPARK_LOCAL_IP="+c.options.address(host))
	cmd.Stdout, cmd.Stderr = d.log, d.log
	cmd.WaitDelay = time.Second
	// The scripts of Spark replace themselves by the JVM, which thus hears of the end of this process, and in a group of its
	// own nothing of the terminal's Ctrl-C.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("starting Spark's %s: %w", name, err)
	}
	d.pid = cmd.Process.Pid
	ctx, cancel := context.WithTimeoutCause(context.Background(), startTimeout, fmt.Errorf("not ready after %v", startTimeout))
	defer cancel()
	ctx, ended := context.WithCancelCause(ctx)
	go func() { ended(errors.Join(errors.New("the process ended"), cmd.Wait())) }()
	match, err := d.log.find(ctx, ready)
	if err != nil {
		return nil, nil, fmt.Errorf("starting Spark's %s: %w\n%s", name, err, lastLines(d.log.String(), tail))
	}
	return d, match, nil
}

// mark is the environment variable by which a cluster's processes are found; its value is the cluster's folder.
const mark = "EMBER_SPARKTEST"

// environment is that of this process without what would steer Spark, Python or Ember, and with the mark.
func (c *Cluster) environment() []string {
	env := []string{
		mark + "=" + c.dir,
		"SPARK_HOME=" + c.home(),
		"SPARK_LOCAL_DIRS=" + c.dir,
		"PYSPARK_PYTHON=" + c.options.Python,
		"TMPDIR=" + c.dir,
	}
	for _, e := range os.Environ() {
		steers := func(prefix string) bool { return strings.HasPrefix(e, prefix) }
		if !steers("SPARK_") && !steers("PYSPARK_") && !steers("PYTHON") && !steers("EMBER_") && !steers("TMPDIR=") {
			env = append(env, e)
		}
	}
	return env
}
