package kernel_test

import (
	"testing"

	"github.com/emberml/ember/internal/kernel"
	"github.com/emberml/ember/internal/kernel/kerneltest"
)

func TestFMALimit(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T) {
		for _, n := range []int{-1, 0, 1, 1000, 12345} {
			if got := kernel.FMALimit(n); got < max(1, n) || got > max(0, n)+1000 {
				t.Errorf("FMALimit(%d) did %d operations", n, got)
			}
		}
	})
}
