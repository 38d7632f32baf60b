//go:build spark && linux

package worker

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emberml/ember/internal/sparktest"
)

var record = flag.Bool("record", false, "write the headers of real Sparks to testdata")

// recorder is the name under which the test's binary is a worker that answers a
// task with its header.
const recorder = "recorder"

// answerHeader is such a worker, started without a daemon.
func answerHeader() error {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", os.Getenv("PYTHON_WORKER_FACTORY_PORT")))
	if path := os.Getenv("PYTHON_WORKER_FACTORY_SOCK_PATH"); path != "" {
		conn, err = net.Dial("unix", path)
	}
	if err != nil {
		return err
	}
	j := newJVM(conn, os.Getenv)
	if err := j.present(os.Getpid()); err != nil {
		return err
	}
	var seen recording
	in := io.TeeReader(j.r, &seen)
	first := (&wire{r: in}).int32()
	h, err := readHeader(in, first, "")
	if err != nil {
		return j.fail(err)
	}
	m, _ := message(h.commands[0])
	var o order
	if err := json.Unmarshal(m, &o); err != nil {
		return j.fail(err)
	}
	if err := os.WriteFile(fmt.Sprintf("%s.%d", o.File, h.Partition), seen, 0o600); err != nil {
		return j.fail(err)
	}
	return j.fail(errors.New("recorded"))
}

type recording []byte

func (r *recording) Write(b []byte) (int, error) {
	*r = append(*r, b...)
	return len(b), nil
}

// TestRecordHeaders writes testdata/header-*.bin, which TestRecordedHeaders reads
// without Spark.
func TestRecordHeaders(t *testing.T) {
	if !*record {
		t.Skip("it writes testdata, with -record")
	}
	for _, version := range []string{sparktest.Spark43, sparktest.Spark35} {
		w := way{python: "ember/1;spark=" + version, options: sparktest.Options{
			Version: version, Python: "./" + recorder, Conf: map[string]string{"spark.python.use.daemon": "false"},
		}}
		s, b := w.sessionNamed(t, recorder)
		for name, barrier := range map[string]bool{"plain": false, "barrier": true} {
			seen := filepath.Join(t.TempDir(), "header")
			_, err := w.run(t, within(t, 3*time.Minute), s.Range(0, 2, 1, 2), b, order{Do: "sum", File: seen}, barrier)
			files, _ := filepath.Glob(seen + ".*")
			if len(files) == 0 {
				t.Fatalf("no header was seen: %v", err)
			}
			header, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "header-"+version+"-"+name+".bin")
			if err := os.WriteFile(file, header, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
