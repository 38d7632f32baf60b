// Package peers runs the Python programs that tests compare Ember with: NumPy,
// PyTorch, scikit-learn, ONNX Runtime, TensorBoard. `make venv` makes their
// environment; the environment variable EMBER_PYTHON names another interpreter.
package peers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// Run runs a script of the repository, named from the package's folder, or with
// "-c" the program that follows, and returns what it prints. That it cannot run
// fails the test: a test with the build tag peers never passes without its peer.
func Run(t testing.TB, script string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python(t), append([]string{script}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s with %s: %v (make venv makes the environment)", script, cmd.Path, err)
	}
	return out
}

// RunJSON is [Run] of a script that prints JSON.
func RunJSON(t testing.TB, result any, script string, args ...string) {
	t.Helper()
	out := Run(t, script, args...)
	if err := json.Unmarshal(out, result); err != nil {
		t.Fatalf("%s printed %q: %v", script, out, err)
	}
}

// Seed is a fresh seed for random cases, which the log tells; the environment
// variable EMBER_SEED repeats one.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("EMBER_SEED"), 10, 32)
	if err != nil {
		seed = uint64(os.Getpid())
	}
	t.Logf("EMBER_SEED=%d repeats these cases", seed)
	return seed
}

// python is the interpreter of the environment at the repository's root.
func python(t testing.TB) string {
	t.Helper()
	if p := os.Getenv("EMBER_PYTHON"); p != "" {
		return p
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".cache", "venv", "bin", "python")
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder: set EMBER_PYTHON")
		}
		dir = parent
	}
}
