//go:build peers

package feature_test

import (
	"path/filepath"
	"testing"

	"github.com/emberml/ember/internal/peers"
)

// TestPeers makes the golden values anew and checks against them.
func TestPeers(t *testing.T) {
	name := filepath.Join(t.TempDir(), "golden.json")
	peers.Run(t, "testdata/golden.py", name)
	checkGolden(t, name)
}
