//go:build spark && linux

package worker

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/internal/sparktest"
	"github.com/emberml/ember/spark/connect"
)

// ours are the processes of Ember that serve tasks.
func ours(c *sparktest.Cluster) []sparktest.Process {
	return slices.DeleteFunc(c.Workers(), func(p sparktest.Process) bool {
		return !slices.Contains(p.Args, starterModule) && !slices.Contains(p.Args, connectionModule)
	})
}

// A canceled query and a killed executor end its workers, which have the time to
// clean up.
func TestNoOrphans(t *testing.T) {
	sparktest.Long(t, true)
	for _, w := range []way{plainPython, emberPython} {
		for _, how := range []string{"cancel", "kill executors"} {
			t.Run(w.name+" "+how, func(t *testing.T) {
				s, b := w.session(t)
				c := sparktest.Shared(t, w.options)
				file := filepath.Join(t.TempDir(), "working")
				left := func() []string {
					files, _ := filepath.Glob(file + ".*")
					return files
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error, 1)
				go func() {
					_, err := w.run(t, ctx, s.Range(0, 2, 1, 2), b, order{Do: "wait", File: file}, true)
					ended <- err
				}()
				sparktest.Await(t, time.Minute, "two tasks to work", func() bool { return len(left()) == 2 })
				if how == "cancel" {
					cancel()
				} else {
					for _, e := range c.Executors() {
						if err := e.Signal(9); err != nil {
							t.Error(err)
						}
					}
				}
				select {
				case err := <-ended:
					if err == nil {
						t.Error("the query has no error")
					}
				case <-time.After(time.Minute):
					t.Fatal("the query does not end")
				}
				sparktest.Await(t, time.Minute, "the workers to end", func() bool { return len(ours(c)) == 0 })
				if files := left(); len(files) > 0 && how == "cancel" {
					t.Errorf("the tasks left %v", files)
				}
			})
		}
	}
}

// Where PYSPARK_PYTHON is Ember, functions of others run in a real Python.
func TestForeignFunction(t *testing.T) {
	python := sparktest.Python(t, sparktest.Spark43)
	version, err := exec.Command(python, "-c", `import sys; print("%d.%d" % sys.version_info[:2], end="")`).Output()
	if err != nil {
		t.Fatal(err)
	}
	s, b := emberPython.session(t)
	ctx := within(t, 2*time.Minute)
	for range 2 { // the connection of the first does not serve the second
		f := connect.Function{Name: "shout", Command: foreign(`lambda n: b"n=%d" % n`, `BinaryType()`), PythonVersion: string(version)}
		frames, err := s.Range(0, 4, 1, 2).Call(f, "id").Collect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range frames {
			for i := range f.Rows() {
				got = append(got, string(f.Column(0).Bytes(i)))
			}
		}
		if slices.Sort(got); !slices.Equal(got, []string{"n=0", "n=1", "n=2", "n=3"}) {
			t.Errorf("Python says %q", got)
		}
	}
	inArrow := connect.Function{
		Name: "same", PythonVersion: string(version), Schema: rows[:1],
		Command: foreign(`lambda batches: (b.rename_columns(["n"]) for b in batches)`, `StructType().add("n", "long")`),
	}
	frames, err := s.Range(0, 5, 1, 1).MapPartitions(inArrow).Collect(ctx)
	if err != nil || len(frames) == 0 || frames[0].Rows() != 5 {
		t.Errorf("a foreign function in Arrow: %v, %v", frames, err)
	}
	bad := connect.Function{Name: "bad", Command: foreign(`lambda n: 1 // 0`, `BinaryType()`), PythonVersion: string(version)}
	if _, err := s.Range(0, 1, 1, 1).Call(bad, "id").Collect(ctx); err == nil || !strings.Contains(err.Error(), "ZeroDivisionError") {
		t.Errorf("an error of Python: %v", err)
	}
	if got, err := emberPython.run(t, ctx, s.Range(0, 10, 1, 1), b, order{Do: "sum"}, false); err != nil || len(got) != 1 || got[0].n != 45 {
		t.Errorf("our own function afterwards: %v, %v", got, err)
	}
}

// foreign pickles a function and its type, as no Ember does. Types are those of pyspark.sql.types.
func foreign(function, returns string) []byte {
	text := fmt.Sprintf(`(lambda types: (%s, types.%s))(__import__("importlib").import_module("pyspark.sql.types"))`, function, returns)
	b := []byte("\x80\x04cbuiltins\neval\nX")
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	return append(append(b, text...), "\x85R."...)
}

// A node without Python says so.
func TestForeignWithoutPython(t *testing.T) {
	o := sparktest.Options{Python: "./ember", Conf: map[string]string{"spark.executorEnv." + pythonEnv: "/nowhere/python3"}}
	w := way{options: o, python: emberPython.python}
	s, _ := w.session(t)
	f := connect.Function{Name: "shout", Command: foreign(`lambda n: b""`, `BinaryType()`), PythonVersion: "3.11"}
	_, err := s.Range(0, 1, 1, 1).Call(f, "id").Collect(within(t, time.Minute))
	if host, _ := os.Hostname(); err == nil || !strings.Contains(err.Error(), "install Python") || !strings.Contains(err.Error(), host) {
		t.Errorf("a function of Python without Python: %v", err)
	}
}
