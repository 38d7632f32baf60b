//go:build linux

package sparktest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Cluster is a running Spark.
type Cluster struct {
	// Remote is where its Connect server listens, sc://ADDRESS:PORT; the token is not part of it.
	Remote string

	options Options
	dir     string // of all its files
	server  *daemon
}

// Start starts a cluster that ends with the test. If the test fails, the last lines of its logs are shown.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	c, err := start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.showOnFailure(t)
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func start(o Options) (*Cluster, error) {
	o = o.withDefaults()
	env, err := environmentOf(o.Version)
	if err != nil {
		return nil, err
	}
	if o.Python == "" {
		o.Python = filepath.Join(env, "bin", "python")
	}
	dir, err := os.MkdirTemp("", "ember-spark-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{options: o, dir: dir}
	if err := c.run(env); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

var (
	serverReady = regexp.MustCompile(`Spark Connect server started at: \S*:(\d+)`)
	masterReady = regexp.MustCompile(`Starting Spark master at (spark://\S+)`)
	workerReady = regexp.MustCompile(`Successfully registered with master`)
)

// run starts the daemons in turn.
func (c *Cluster) run(env string) error {
	if err := c.makeHome(env); err != nil {
		return err
	}
	master := ""
	if c.options.Standalone {
		_, match, err := c.launch(0, "master", masterReady, "spark-class", "org.apache.spark.deploy.master.Master",
			"--host", c.options.address(0), "--port", "0", "--webui-port", "0")
		if err != nil {
			return err
		}
		master = match[1]
		for i := range c.options.Executors {
			if _, _, err := c.launch(i, fmt.Sprintf("worker %d", i), workerReady, "spark-class", "org.apache.spark.deploy.worker.Worker",
				"--host", c.options.address(i), "--port", "0", "--webui-port", "0", "--cores", strconv.Itoa(c.options.Cores),
				"--memory", fmt.Sprintf("%dm", workerMemory), "--work-dir", c.workDir(), master); err != nil {
				return err
			}
		}
	}
	properties := filepath.Join(c.dir, "spark.properties")
	if err := os.WriteFile(properties, []byte(c.options.properties(master, c.dir)), 0o600); err != nil {
		return err
	}
	server, match, err := c.launch(0, "Connect server", serverReady, "spark-submit", "--properties-file", properties,
		"--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal")
	if err != nil {
		return err
	}
	c.server, c.Remote = server, "sc://"+c.options.address(0)+":"+match[1]
	return nil
}

// home is the cluster's SPARK_HOME and workDir where its executors run, beneath it because local-cluster wants that.
func (c *Cluster) home() string    { return filepath.Join(c.dir, "home") }
func (c *Cluster) workDir() string { return filepath.Join(c.home(), "work") }

// makeHome makes a SPARK_HOME of links to the installed one: executors write into theirs, and clusters that start in the
// same second give them the same names.
func (c *Cluster) makeHome(env string) error {
	installed, err := only(filepath.Join(env, "lib", "python*", "site-packages", "pyspark"))
	if err != nil {
		return err
	}
	if err := os.Mkdir(c.home(), 0o755); err != nil {
		return err
	}
	for _, name := range []string{"bin", "jars", "python"} {
		if err := os.Symlink(filepath.Join(installed, name), filepath.Join(c.home(), name)); err != nil {
			return err
		}
	}
	return nil
}

// alive reports whether the Connect server runs.
func (c *Cluster) alive() bool {
	return slices.ContainsFunc(c.Processes(), func(p Process) bool { return p.PID == c.server.pid })
}

// Log returns what the Connect server, which is Spark's driver, has logged so far.
func (c *Cluster) Log() string { return c.server.log.String() }

// ExecutorLogs returns the standard error of every executor so far, dead ones included, by its file.
func (c *Cluster) ExecutorLogs() map[string]string {
	logs := map[string]string{}
	files, _ := filepath.Glob(filepath.Join(c.workDir(), "*", "*", "stderr"))
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			logs[file] = string(text)
		}
	}
	return logs
}

// showOnFailure logs the ends of the logs of a failed test.
func (c *Cluster) showOnFailure(t testing.TB) {
	if !t.Failed() {
		return
	}
	t.Logf("the log of Spark %s ends with:\n%s", c.options.Version, lastLines(c.Log(), tail))
	logs := c.ExecutorLogs()
	for _, file := range slices.Sorted(maps.Keys(logs)) {
		t.Logf("the log of %s ends with:\n%s", strings.TrimPrefix(file, c.workDir()+"/"), lastLines(logs[file], tail))
	}
}

// stopTimeout bounds the end of a cluster's processes after SIGKILL.
const stopTimeout = 20 * time.Second

// stop kills all processes of the cluster and removes its files.
func (c *Cluster) stop() error {
	killed := poll(stopTimeout, func() bool {
		all := c.Processes()
		for _, p := range all {
			_ = p.Signal(9) // one that has just ended needs none
		}
		return len(all) == 0
	})
	if !killed {
		return fmt.Errorf("processes of Spark are left after %v: %v", stopTimeout, c.Processes())
	}
	return os.RemoveAll(c.dir)
}
