//go:build peers

package feature_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPeers makes the golden values anew and checks against them.
func TestPeers(t *testing.T) {
	python := cmp.Or(os.Getenv("EMBER_PYTHON"), filepath.Join("..", ".cache", "venv", "bin", "python"))
	name := filepath.Join(t.TempDir(), "golden.json")
	if out, err := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "golden.py"), name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	checkGolden(t, name)
}
