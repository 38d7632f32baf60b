//go:build peers

package tensor

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/emberml/ember/internal/peers"
)

// TestNumPyPeer compares with NumPy on fresh random cases.
func TestNumPyPeer(t *testing.T) {
	seed := peers.Seed(t)
	for s := seed; s < seed+4; s++ {
		checkNumPy(t, bytes.NewReader(peers.Run(t, "testdata/numpy_cases.py", strconv.FormatUint(s, 10))))
	}
}
