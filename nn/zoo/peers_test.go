//go:build peers

package zoo_test

import (
	"testing"

	"github.com/emberml/ember/internal/peers"
)

// TestPyTorch is TestGolden with values that PyTorch computes now.
func TestPyTorch(t *testing.T) {
	compareNets(t, peers.Run(t, "testdata/golden.py"))
}
