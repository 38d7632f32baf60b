package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mismatch is what Spark says of a Python of another version.
func mismatch(version string) error {
	return errors.New("PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker has different version: " + version + " than that in driver: 3.11")
}

// forgetful is a server of which this user has nothing in mind.
func forgetful(t *testing.T) (server string) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("LocalAppData", t.TempDir())
	return "spark:15002"
}

func TestCorrectLearnsPythonOnce(t *testing.T) {
	s := &shipment{server: forgetful(t), traits: traits{Python: usualPython, System: platform{"linux", "arm64"}}}
	if err := s.correct(t.Context(), mismatch("3.9")); err != nil {
		t.Fatal(err)
	}
	if want := (traits{"3.9", platform{"linux", "arm64"}}); s.traits != want {
		t.Errorf("learned %+v, want %+v", s.traits, want)
	}
	if got, ok := recall(s.server); !ok || got != s.traits {
		t.Errorf("recalls %+v, %v", got, ok)
	}
	err := s.correct(t.Context(), mismatch("3.10"))
	if err == nil || !strings.Contains(err.Error(), "not all alike") {
		t.Errorf("executors that differ: %v", err)
	}
}

func TestCorrectReturnsOtherFailures(t *testing.T) {
	s := &shipment{server: forgetful(t)}
	failure := errors.New("out of memory")
	if err := s.correct(t.Context(), failure); err != failure {
		t.Errorf("got %v", err)
	}
	err := s.correct(t.Context(), errors.New(`java.io.IOException: Cannot run program "python3": error=2`))
	if err == nil || !strings.Contains(err.Error(), "the executors have no Python: there is no python3") {
		t.Errorf("without Python: %v", err)
	}
}

func TestRecallTakesNothingStrange(t *testing.T) {
	s := &shipment{server: forgetful(t)}
	path, err := traitsFile()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", "[]", `{"` + s.server + `": {"Python": "rm -rf", "System": "linux/amd64"}}`, `{"` + s.server + `": {"Python": "3.9"}}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := recall(s.server); ok {
			t.Errorf("%q gives %+v", text, got)
		}
		if s.suppose(t.Context()) || s.Python == "" || s.System == (platform{}) {
			t.Errorf("%q: supposes %+v", text, s.traits)
		}
	}
}
