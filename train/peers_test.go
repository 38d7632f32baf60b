//go:build peers

package train_test

import (
	"testing"

	"github.com/emberml/ember/internal/peers"
)

// TestStatefulPyTorch is TestStateful with values that PyTorch computes now.
func TestStatefulPyTorch(t *testing.T) {
	compareStateful(t, peers.Run(t, "testdata/stateful.py"))
}
