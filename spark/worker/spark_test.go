//go:build spark && linux

package worker

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/internal/sparktest"
	"github.com/emberml/ember/spark/connect"
)

// TestMain lets the test binary be the program that is shipped.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == recorder {
		if err := answerHeader(); err != nil {
			os.Exit(1)
		}
	}
	Main(handle)
	os.Exit(sparktest.Main(m))
}

// way is a way in which executors start Ember.
type way struct {
	name    string
	options sparktest.Options
	python  string // version that the command is for
	gzip    bool
}

var (
	plainPython = way{name: "python", python: "3.11", gzip: true}
	emberPython = way{name: "ember", options: sparktest.Options{Python: "./ember", Conf: map[string]string{"spark.executorEnv." + pythonEnv: realPython()}}, python: "ember/1;spark=4.3.0"}
	noDaemon    = way{name: "ember without daemon", options: sparktest.Options{Python: "./ember", Conf: map[string]string{"spark.python.use.daemon": "false"}}, python: "ember/1;spark=4.3.0"}
	plain35     = way{name: "python on 3.5", options: sparktest.Options{Version: sparktest.Spark35}, python: "3.11", gzip: true}
	ember35     = way{name: "ember on 3.5", options: sparktest.Options{Version: sparktest.Spark35, Python: "./ember"}, python: "ember/1;spark=3.5.9"}
	unixSockets = way{name: "ember by unix sockets", options: sparktest.Options{Python: "./ember", Conf: map[string]string{"spark.python.unix.domain.socket.enabled": "true"}}, python: "ember/1;spark=4.3.0"}
	ways        = []way{plainPython, emberPython, noDaemon, unixSockets, plain35, ember35}
)

// realPython is a Python with pyarrow for functions that are not Ember's.
func realPython() string {
	path, _ := filepath.Abs(filepath.Join(cmp.Or(os.Getenv("EMBER_SPARK_HOMES"), "../../.cache/spark"), sparktest.Spark43, "bin/python"))
	return path
}

// program is the test binary as an artifact.
func (w way) program(t *testing.T, name string) (artifact []byte, b Binary) {
	t.Helper()
	content, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	b = Binary{Name: name, SHA256: sha256.Sum256(content), Gzip: w.gzip}
	if !w.gzip {
		return content, b
	}
	b.Name += ".gz"
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes(), b
}

// session is a session that has the program.
func (w way) session(t *testing.T) (*connect.Session, Binary) {
	t.Helper()
	return w.sessionNamed(t, "ember")
}

func (w way) sessionNamed(t *testing.T, name string) (*connect.Session, Binary) {
	t.Helper()
	c := sparktest.Shared(t, w.options)
	s, err := connect.Dial(t.Context(), connect.Options{Remote: c.Remote})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	artifact, b := w.program(t, name)
	if err := s.AddArtifact(t.Context(), "files/"+b.Name, bytes.NewReader(artifact), int64(len(artifact))); err != nil {
		t.Fatal(err)
	}
	return s, b
}

// run runs an order on the rows and returns what its tasks say.
func (w way) run(t *testing.T, ctx context.Context, in *connect.DataFrame, b Binary, o order, barrier bool) ([]said, error) {
	t.Helper()
	f := w.function(t, Payload{Binary: b}, o)
	f.Barrier = barrier
	frames, err := in.MapPartitions(f).Collect(ctx)
	return words(frames), err
}

// function is a command with an order.
func (w way) function(t *testing.T, p Payload, o order) connect.Function {
	t.Helper()
	var err error
	if p.Schema, err = rows.SparkJSON(); err != nil {
		t.Fatal(err)
	}
	if p.Message, err = json.Marshal(o); err != nil {
		t.Fatal(err)
	}
	command, err := Command(p)
	if err != nil {
		t.Fatal(err)
	}
	return connect.Function{Name: "ember", Command: command, PythonVersion: w.python, Schema: rows}
}

func words(frames []*frame.Frame) []said {
	var all []said
	for _, f := range frames {
		for i, n := range frame.Values[int64](f.ByName("n")) {
			all = append(all, said{n, f.ByName("text").String(i)})
		}
	}
	return all
}

type said struct {
	n    int64
	text string
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestSpark(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			sparktest.Long(t, w.name != plainPython.name && w.name != emberPython.name && w.name != plain35.name)
			s, b := w.session(t)
			ctx := within(t, 2*time.Minute)
			t.Run("rows", func(t *testing.T) {
				got, err := w.run(t, ctx, s.Range(0, 1000, 1, 3), b, order{Do: "sum"}, false)
				if err != nil {
					t.Fatal(err)
				}
				total := int64(0)
				for _, x := range got {
					total += x.n
				}
				if len(got) != 3 || total != 999*1000/2 {
					t.Errorf("three tasks summed to %v", got)
				}
			})
			t.Run("empty partition", func(t *testing.T) {
				got, err := w.run(t, ctx, s.Range(0, 1, 1, 2), b, order{Do: "sum"}, false)
				if err != nil || len(got) != 2 {
					t.Errorf("two tasks over one row: %v, %v", got, err)
				}
			})
			t.Run("ignored rows", func(t *testing.T) {
				got, err := w.run(t, ctx, s.Range(0, 2_000_000, 1, 2), b, order{Do: "ignore"}, false)
				if err != nil || len(got) != 0 {
					t.Errorf("tasks that read and write nothing: %v, %v", got, err)
				}
			})
			t.Run("context", func(t *testing.T) {
				got, err := w.run(t, ctx, s.Range(0, 2, 1, 2), b, order{Do: "context", Secret: "hush-hush"}, true)
				if err != nil || len(got) != 2 {
					t.Fatalf("%v, %v", got, err)
				}
				c := sparktest.Shared(t, w.options)
				if logs := fmt.Sprint(got, c.Log(), c.ExecutorLogs()); strings.Contains(logs, "hush") {
					t.Error("the secret is in a log or in the local properties")
				}
				for _, x := range got {
					var c Context
					if err := json.Unmarshal([]byte(x.text), &c); err != nil {
						t.Fatal(err)
					}
					if int64(c.Partition) != x.n || !c.Barrier || len(c.Addresses) != 2 || c.CPUs != 1 || c.FilesDir == "" || c.Spark != s.Version() {
						t.Errorf("context %s", x.text)
					}
				}
			})
			t.Run("barrier", func(t *testing.T) {
				got, err := w.run(t, ctx, s.Range(0, 2, 1, 2), b, order{Do: "gather"}, true)
				if err != nil || len(got) != 2 || slices.ContainsFunc(got, func(x said) bool { return x != said{2, "from 0,from 1"} }) {
					t.Errorf("%v, %v", got, err)
				}
			})
			t.Run("another binary", func(t *testing.T) {
				other := b
				other.SHA256[0] ^= 1
				_, err := w.run(t, ctx, s.Range(0, 1, 1, 1), other, order{Do: "sum"}, false)
				if w.gzip && (err == nil || !strings.Contains(err.Error(), "is not the one that was sent")) {
					t.Errorf("a binary with another hash: %v", err)
				}
			})
			t.Run("errors", func(t *testing.T) {
				for do, want := range map[string][]string{
					"fail":     {"no such net: lenett", "before the failure"},
					"failLate": {"failed after rows"},
					"panic":    {"lost its way"},
					"crash":    {"all is lost", "exit code 2"},
					"exit":     {"leaving at once", "exit code 3"},
				} {
					_, err := w.run(t, ctx, s.Range(0, 1, 1, 1), b, order{Do: do, Secret: "hush-hush"}, false)
					if err == nil {
						t.Errorf("%s: no error", do)
						continue
					}
					if (do == "exit" || do == "crash") && !strings.Contains(w.name, "python") {
						want = []string{"exited unexpectedly"}
					}
					for _, text := range want {
						if !strings.Contains(err.Error(), text) {
							t.Errorf("%s: %q is not in %v", do, text, err)
						}
					}
					if strings.Contains(err.Error(), "hush-hush") {
						t.Errorf("%s: the error tells the secret", do)
					}
				}
			})
		})
	}
}
