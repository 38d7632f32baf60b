//go:build spark && linux

package cluster_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/internal/sparktest"
)

// diagnose examines a Spark and returns its findings by check, the worst of each.
func diagnose(t *testing.T, c *sparktest.Cluster, o cluster.Options) map[string]cluster.Finding {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	o.Cluster, o.WorkerBinary, o.Join = c.Remote, sparktest.Binary(t), 4*time.Minute
	found := map[string]cluster.Finding{}
	err := cluster.Diagnose(ctx, o, func(f cluster.Finding) {
		t.Logf("%s %s: %s; %s", f.Level, f.Check, f.Text, f.Remedy)
		check, _, _ := strings.Cut(f.Check, " ")
		if was, ok := found[check]; !ok || was.Level == cluster.OK || f.Level == cluster.Problem {
			found[check] = f
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// want is an error for findings that are not of a level, or do not say what they should.
func want(t *testing.T, found map[string]cluster.Finding, level cluster.Level, check, says, remedy string) {
	t.Helper()
	f, ok := found[check]
	if !ok || f.Level != level || !strings.Contains(f.Text, says) || !strings.Contains(f.Remedy, remedy) {
		t.Errorf("%s: %+v, want %s, %q and the remedy %q", check, f, level, says, remedy)
	}
}

// soundChecks are those that every Spark of these tests passes.
var soundChecks = []string{"connection", "spark", "settings", "slots", "executors", "python", "program", "tasks", "kernels"}

func TestDoctorOnSpark(t *testing.T) {
	c := sparktest.Start(t, sparktest.Options{})
	t.Run("sound", func(t *testing.T) {
		found := diagnose(t, c, cluster.Options{Folder: t.TempDir()})
		for _, check := range append(soundChecks, "allocation", "pyarrow", "driver", "clocks", "ports", "folder") {
			want(t, found, cluster.OK, check, "", "")
		}
		want(t, found, cluster.OK, "tasks", "2 ran this program, on 2 executors of 1 host", "")
		want(t, found, cluster.OK, "ports", "2 connections", "")
	})
	t.Run("driver out of reach", func(t *testing.T) {
		found := diagnose(t, c, cluster.Options{Host: "192.0.2.1", Connect: 5 * time.Second}) // RFC 5737: nobody's
		for _, check := range append(soundChecks, "allocation", "pyarrow", "ports") {
			want(t, found, cluster.OK, check, "", "")
		}
		want(t, found, cluster.Problem, "driver", "192.0.2.1", "--meeting")
	})
	t.Run("driver by a folder", func(t *testing.T) {
		found := diagnose(t, c, cluster.Options{Host: "192.0.2.1", Connect: 5 * time.Second, Folder: t.TempDir()})
		want(t, found, cluster.Warning, "driver", "talks with it by", "connect")
		want(t, found, cluster.OK, "clocks", "", "")
		want(t, found, cluster.OK, "ports", "2 connections", "")
	})
}

// Neither pyarrow nor a barrier, nor a known number of slots: tasks meet at the driver.
func TestDoctorWithoutArrow(t *testing.T) {
	sparktest.Long(t, true)
	c := sparktest.Start(t, sparktest.Options{
		Python: sparktest.PythonWithoutArrow(t), DynamicAllocation: true, Conf: map[string]string{"spark.default.parallelism": "7"},
	})
	found := diagnose(t, c, cluster.Options{Workers: 2})
	for _, check := range append(soundChecks, "driver", "ports") {
		want(t, found, cluster.OK, check, "", "")
	}
	want(t, found, cluster.OK, "slots", "2 workers to be used; the cluster sets spark.default.parallelism", "")
	want(t, found, cluster.Warning, "pyarrow", "has none", "install pyarrow")
	want(t, found, cluster.Warning, "allocation", "meet at this driver", "spark.dynamicAllocation")
}
