//go:build spark && linux

package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/internal/sparktest"
)

func TestDataFrame(t *testing.T) {
	once := map[string]string{"spark.task.maxFailures": "1"}
	for name, o := range map[string]sparktest.Options{
		"4.3 with Python": {Conf: once},
		"4.3 with Ember":  {Conf: once, Python: "./ember"},
		"3.5 with Python": {Conf: once, Version: sparktest.Spark35},
	} {
		t.Run(name, func(t *testing.T) {
			sparktest.Long(t, name != "4.3 with Python")
			c := sparktest.Start(t, o)
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			spark, err := cluster.Connect(ctx, cluster.Options{Cluster: c.Remote, Connect: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			defer spark.Close()
			for name, test := range map[string]func(*testing.T, context.Context, *cluster.Spark, *sparktest.Cluster){
				"rows": testRows, "errors": testErrors, "cancel": testCancel,
			} {
				t.Run(name, func(t *testing.T) { test(t, ctx, spark, c) })
			}
		})
	}
}

func mapped(t *testing.T, ctx context.Context, spark *cluster.Spark, partitions int, call cluster.Call) *cluster.DataFrame {
	t.Helper()
	out, err := spark.MapPartitions(ctx, spark.Range(0, 300, 1, partitions), call)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func testRows(t *testing.T, ctx context.Context, spark *cluster.Spark, _ *sparktest.Cluster) {
	host, _ := os.Hostname()
	args := struct{ Factor float32 }{3}
	for _, call := range []cluster.Call{
		{Function: "scale", Args: args, Schema: scaled},
		{Function: "scale", Args: args, DDL: "id bigint NOT NULL, place string, scaled array<float>"},
	} {
		seen, places := map[int64]bool{}, map[string]bool{}
		for f, err := range mapped(t, ctx, spark, 3, call).Stream(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if names := f.Schema().Names(); !slices.Equal(names, scaled.Names()) {
				t.Fatalf("columns %v", names)
			}
			lists := f.ByName("scaled")
			products := frame.Values[float32](lists.Elem())
			for i, id := range frame.Values[int64](f.ByName("id")) {
				seen[id], places[f.ByName("place").String(i)] = true, true
				if lo, hi := lists.List(i); hi != lo+1 || products[lo] != 3*float32(id) {
					t.Fatalf("3·%d is %v", id, products[lo:hi])
				}
			}
		}
		for n := range 3 {
			if place := fmt.Sprintf("%d of 1 thread(s) on %s", n, host); !places[place] {
				t.Errorf("no rows of %q in %v", place, places)
			}
		}
		if len(seen) != 300 || len(places) != 3 {
			t.Errorf("%d rows from %v", len(seen), places)
		}
	}

	// A plan with a function is a plan as any other.
	same := mapped(t, ctx, spark, 2, cluster.Call{Function: "same"})
	if err := same.Union(same.Limit(5)).CreateTempView(ctx, "twice", false); err != nil {
		t.Fatal(err)
	}
	if n, err := spark.Table("twice").Filter("id >= 0").Count(ctx); n != 305 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	folder := filepath.Join(t.TempDir(), "rows")
	if err := same.Write(ctx, cluster.Output{Format: "parquet", Path: folder, Mode: cluster.Overwrite}); err != nil {
		t.Fatal(err)
	}
	if n, err := spark.Read("parquet", nil, folder).Count(ctx); n != 300 || err != nil {
		t.Errorf("%d rows were written, %v", n, err)
	}
}

func testErrors(t *testing.T, ctx context.Context, spark *cluster.Spark, _ *sparktest.Cluster) {
	host, _ := os.Hostname()
	for name, c := range map[string]struct {
		call cluster.Call
		want []string
	}{
		"of the function": {cluster.Call{Function: "fail"}, []string{"partition 1 of stage ", " on " + host + ": function fail: no such word: lenett"}},
		"panic":           {cluster.Call{Function: "panic"}, []string{" on " + host + ": panic: no map"}},
		"no function":     {cluster.Call{Function: "dubble"}, []string{`no function "dubble"; it has fail, panic, same, scale, wait`}},
		"other columns":   {cluster.Call{Function: "same", DDL: "id bigint, x double"}, []string{"function same: ", "`x` double", "they have the columns `id` bigint"}},
		"other type":      {cluster.Call{Function: "same", DDL: "id int"}, []string{"function same: ", "column id is of type bigint"}},
		"arguments":       {cluster.Call{Function: "scale", Args: []int{1}, Schema: scaled}, []string{"function scale: arguments of the function: json: "}},
	} {
		_, err := mapped(t, ctx, spark, 2, c.call).Collect(ctx)
		var of *cluster.SparkError
		if !errors.As(err, &of) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in %v", name, want, err)
			}
		}
	}
	if _, err := spark.MapPartitions(ctx, spark.Range(0, 1, 1, 1), cluster.Call{Function: "same", DDL: "id bigger"}); err == nil || !strings.Contains(err.Error(), "bigger") {
		t.Errorf("columns of no type: %v", err)
	}
}

// testCancel ends the functions by the context with which their rows are read.
func testCancel(t *testing.T, ctx context.Context, spark *cluster.Spark, c *sparktest.Cluster) {
	file := filepath.Join(t.TempDir(), "pid")
	waiting := mapped(t, ctx, spark, 1, cluster.Call{Function: "wait", Args: file})
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := waiting.Collect(ctx)
		ended <- err
	}()
	var pid int
	sparktest.Await(t, time.Minute, "the function to start", func() bool {
		text, _ := os.ReadFile(file)
		pid, _ = strconv.Atoi(string(text))
		return pid > 0
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	sparktest.Await(t, time.Minute, "the function to end", func() bool {
		return !slices.ContainsFunc(c.Workers(), func(p sparktest.Process) bool { return p.PID == pid })
	})
}

func TestConnectRefuses(t *testing.T) {
	_, err := cluster.Connect(t.Context(), cluster.Options{Cluster: "local:2"})
	if err == nil || !strings.Contains(err.Error(), `"local:2" is no Spark cluster`) {
		t.Error(err)
	}
}
