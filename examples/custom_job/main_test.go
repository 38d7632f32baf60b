package main

import (
	"os"
	"strings"
	"testing"

	"github.com/emberml/ember/cluster"
)

func TestMain(m *testing.M) {
	cluster.Serve(jobs)
	os.Exit(m.Run())
}

func TestPi(t *testing.T) {
	for where, want := range map[string]string{
		"local":   "π ≈ 3.141676, from 1000×1000 points on 1 worker(s)",
		"local:3": "π ≈ 3.141676, from 1000×1000 points on 3 worker(s)",
	} {
		var log strings.Builder
		if err := cluster.Run(t.Context(), jobs, cluster.Options{Cluster: where, Stderr: &log}, "pi", []string{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(log.String()); got != want {
			t.Errorf("%s: %q, want %q", where, got, want)
		}
	}
	err := cluster.Run(t.Context(), jobs, cluster.Options{Cluster: "local:2"}, "pi", []string{"many"})
	if err == nil || !strings.Contains(err.Error(), `"many": want a number of rows`) {
		t.Error(err)
	}
}
