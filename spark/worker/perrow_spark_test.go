//go:build spark && linux

package worker

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/internal/sparktest"
)

// Executors with a Python that has no pyarrow start Ember by a function of a row.
func TestWithoutPyarrow(t *testing.T) {
	for _, version := range []string{sparktest.Spark43, sparktest.Spark35} {
		t.Run(version, func(t *testing.T) {
			sparktest.Long(t, version != sparktest.Spark43)
			bare := filepath.Join(t.TempDir(), "python")
			if out, err := exec.Command(sparktest.Python(t, version), "-m", "venv", "--without-pip", bare).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			w := way{options: sparktest.Options{Version: version, Python: filepath.Join(bare, "bin", "python")}, python: "3.11", gzip: true}
			s, b := w.session(t)
			ctx := within(t, 2*time.Minute)

			_, err := w.run(t, ctx, s.Range(0, 2, 1, 2), b, order{Do: "sum"}, false)
			if err == nil || !strings.Contains(err.Error(), "pyarrow") {
				t.Errorf("a function in Arrow: %v", err)
			}

			f := w.function(t, Payload{Binary: b, Kind: PerRow}, order{Do: "context"})
			frames, err := s.Range(0, 2, 1, 2).Call(f, "id").Collect(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var got []said
			for _, f := range frames {
				for i := range f.Rows() {
					r, err := frame.NewReader(bytes.NewReader(f.Column(0).Bytes(i)), frame.ReaderOptions{})
					if err != nil {
						t.Fatal(err)
					}
					said, err := r.Next()
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, words([]*frame.Frame{said})...)
					if _, err := r.Next(); err != io.EOF {
						t.Errorf("after the row: %v", err)
					}
				}
			}
			if len(got) != 2 || got[0].n+got[1].n != 1 {
				t.Errorf("two tasks said %v", got)
			}

			f = w.function(t, Payload{Binary: b, Kind: PerRow}, order{Do: "fail", Secret: "hush-hush"})
			_, err = s.Range(0, 1, 1, 1).Call(f, "id").Collect(ctx)
			if err == nil || !strings.Contains(err.Error(), "no such net: lenett") || strings.Contains(err.Error(), "hush") {
				t.Errorf("a failure: %v", err)
			}
		})
	}
}
