//go:build peers

package tensor

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// TestNumPyPeer compares with NumPy on fresh random cases. EMBER_SEED repeats
// a run.
func TestNumPyPeer(t *testing.T) {
	python := os.Getenv("EMBER_PYTHON")
	if python == "" {
		python = "../.cache/venv/bin/python"
	}
	seed, err := strconv.ParseUint(os.Getenv("EMBER_SEED"), 10, 32)
	if err != nil {
		seed = uint64(os.Getpid())
	}
	t.Logf("EMBER_SEED=%d", seed)
	for s := seed; s < seed+4; s++ {
		script := exec.Command(python, "testdata/numpy_cases.py", strconv.FormatUint(s, 10))
		script.Stderr = os.Stderr
		out, err := script.Output()
		if err != nil {
			t.Fatal(err)
		}
		checkNumPy(t, bytes.NewReader(out))
	}
}
