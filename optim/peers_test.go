//go:build peers

package optim_test

import (
	"strconv"
	"testing"

	"github.com/emberml/ember/internal/peers"
)

// TestTorchPeer compares with PyTorch on fresh random gradients.
func TestTorchPeer(t *testing.T) {
	checkPeer(t, peers.Run(t, "testdata/torch_optim.py", strconv.FormatUint(peers.Seed(t), 10)))
}
