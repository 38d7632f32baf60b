//go:build services

package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/emberml/ember/internal/services"
	"github.com/emberml/ember/storage"
)

// TestServices runs the scripts that need servers: $S3 and $HDFS are empty folders there.
func TestServices(t *testing.T) {
	s3, hdfs := services.S3(t), services.HDFS(t)
	commands := maps.Clone(scriptCommands)
	commands["fetch"] = scriptFetch
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/services",
		RequireExplicitExec: true,
		Cmds:                commands,
		Setup: func(e *testscript.Env) error {
			e.Setenv("EMBER_DATA", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("S3", s3)
			e.Setenv("HDFS", hdfs)
			for _, v := range os.Environ() {
				if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
					e.Setenv(name, value)
				}
			}
			e.Values["env"] = e
			return nil
		},
	})
}

// scriptFetch is: fetch URL FILE. It copies a file of a server.
func scriptFetch(ts *testscript.TestScript, _ bool, args []string) {
	b, err := storage.ReadFile(context.Background(), args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o666))
}
