//go:build linux

package sparktest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Process is a process of a cluster.
type Process struct {
	PID  int
	Args []string // with the program as the first
}

func (p Process) String() string { return fmt.Sprintf("%d %s", p.PID, strings.Join(p.Args, " ")) }

// Signal sends a signal to the process.
func (p Process) Signal(s syscall.Signal) error { return syscall.Kill(p.PID, s) }

// jvm reports whether the process is one of Spark's own.
func (p Process) jvm() bool { return filepath.Base(p.Args[0]) == "java" }

// Processes returns all processes of the cluster that live, in the order of their numbers.
func (c *Cluster) Processes() []Process {
	marked := []byte("\x00" + mark + "=" + c.dir + "\x00")
	var found []Process
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		pid, _ := strconv.Atoi(filepath.Base(entry))
		// Both files are empty once the process has ended, and gone soon after.
		env, _ := os.ReadFile(filepath.Join(entry, "environ"))
		args, _ := os.ReadFile(filepath.Join(entry, "cmdline"))
		if pid != os.Getpid() && len(args) > 0 && bytes.Contains(append([]byte{0}, env...), marked) {
			found = append(found, Process{pid, strings.Split(strings.TrimRight(string(args), "\x00"), "\x00")})
		}
	}
	slices.SortFunc(found, func(a, b Process) int { return a.PID - b.PID })
	return found
}

// Executors returns the JVMs of the executors.
func (c *Cluster) Executors() []Process {
	return slices.DeleteFunc(c.Processes(), func(p Process) bool {
		return !p.jvm() || !slices.Contains(p.Args, "org.apache.spark.executor.CoarseGrainedExecutorBackend")
	})
}

// Workers returns the processes that run on the executors beside their JVMs: Python, its daemon, and Ember.
func (c *Cluster) Workers() []Process { return slices.DeleteFunc(c.Processes(), Process.jvm) }

// Await waits until the condition holds and fails the test if it does not in time. What it waits for completes the sentence
// "waiting for …". It is for conditions that nothing announces, as the end of another's process.
func Await(t testing.TB, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	if !poll(limit, condition) {
		t.Fatalf("waiting for %s: not so after %v", what, limit)
	}
}

// poll asks for a condition until it holds or the time is over, and reports which.
func poll(limit time.Duration, condition func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	over := time.After(limit)
	for !condition() {
		select {
		case <-tick.C:
		case <-over:
			return false
		}
	}
	return true
}
