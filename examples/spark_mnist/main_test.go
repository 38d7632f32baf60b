package main

import (
	"os"
	"strings"
	"testing"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/report"
)

func TestMain(m *testing.M) {
	cluster.Serve(jobs)
	os.Exit(m.Run())
}

func TestTrain(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, where := range []string{"local", "local:2"} {
		var results strings.Builder
		sink := report.NewConsole(&results, report.ConsoleOptions{Results: &results})
		o := cluster.Options{Cluster: where, Write: []string{"out"}, Report: sink}
		if err := cluster.Run(t.Context(), jobs, o, "train", []string{"digits"}); err != nil {
			t.Fatal(err)
		}
		if err := sink.Close(); err != nil || !strings.Contains(results.String(), "epoch 3/3") || !strings.Contains(results.String(), "saved out/digits.onnx") {
			t.Errorf("%s: %s, %v", where, results.String(), err)
		}
		if err := os.Remove("out/digits.onnx"); err != nil {
			t.Error(err)
		}
	}
}
