//go:build !spark

package worker

import (
	"os"
	"testing"
)

// TestMain lets the test binary be the worker that tests start.
func TestMain(m *testing.M) {
	Main(handle)
	os.Exit(m.Run())
}
