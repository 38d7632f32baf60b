//go:build peers

package optim_test

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// TestTorchPeer compares with PyTorch on fresh random gradients. EMBER_SEED
// repeats a run.
func TestTorchPeer(t *testing.T) {
	python := os.Getenv("EMBER_PYTHON")
	if python == "" {
		python = "../.cache/venv/bin/python"
	}
	seed, err := strconv.ParseUint(os.Getenv("EMBER_SEED"), 10, 32)
	if err != nil {
		seed = uint64(os.Getpid())
	}
	t.Logf("EMBER_SEED=%d", seed)
	script := exec.Command(python, "testdata/torch_optim.py", strconv.FormatUint(seed, 10))
	script.Stderr = os.Stderr
	out, err := script.Output()
	if err != nil {
		t.Fatal(err)
	}
	checkPeer(t, out)
}
