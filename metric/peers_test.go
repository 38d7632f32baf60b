//go:build peers

package metric_test

import (
	"strconv"
	"testing"

	"github.com/emberml/ember/internal/peers"
)

// TestScikitLearnPeer compares with scikit-learn on fresh random cases.
func TestScikitLearnPeer(t *testing.T) {
	seed := peers.Seed(t)
	for s := seed; s < seed+2; s++ {
		checkCases(t, peers.Run(t, "testdata/sklearn_metrics.py", strconv.FormatUint(s, 10)))
	}
}
