//go:build peers

package zoo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPyTorch is TestGolden with values that PyTorch computes now.
func TestPyTorch(t *testing.T) {
	python := os.Getenv("EMBER_PYTHON")
	if python == "" {
		python = filepath.Join("..", "..", ".cache", "venv", "bin", "python")
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "golden.py"))
	cmd.Stderr = os.Stderr
	fresh, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v; make test makes the environment", python, err)
	}
	compareNets(t, fresh)
}
