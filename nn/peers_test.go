//go:build peers

package nn_test

import (
	"testing"

	"github.com/emberml/ember/internal/peers"
)

// TestPyTorch is TestGolden with values that PyTorch computes now.
func TestPyTorch(t *testing.T) {
	f := readGolden(t, peers.Run(t, "testdata/golden.py"))
	compareLayers(t, f.Layers)
	compareLosses(t, f.Losses)
}
