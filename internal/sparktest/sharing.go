//go:build linux

package sparktest

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// clusters are the shared ones of this process, by the keys of their options.
var clusters = struct {
	sync.Mutex
	byKey map[string]*Cluster
}{byKey: map[string]*Cluster{}}

// Shared is Start of a cluster that the tests of a package share: it starts with the first that asks for these options and
// ends in [Main]. Tests that kill executors may use it, as Spark replaces them; one whose server was killed is started anew.
func Shared(t testing.TB, o Options) *Cluster {
	t.Helper()
	clusters.Lock()
	defer clusters.Unlock()
	key := o.key()
	c := clusters.byKey[key]
	if c != nil && !c.alive() {
		delete(clusters.byKey, key)
		if err := c.stop(); err != nil {
			t.Error(err)
		}
		c = nil
	}
	if c == nil {
		var err error
		if c, err = start(o); err != nil {
			t.Fatal(err)
		}
		clusters.byKey[key] = c
	}
	t.Cleanup(func() { c.showOnFailure(t) })
	return c
}

// Main runs the tests of a package, stops the clusters that they shared, and returns the exit code for TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	clusters.Lock()
	defer clusters.Unlock()
	for _, c := range clusters.byKey {
		if err := c.stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	removeBinary()
	return code
}

// Long skips, with -short, a test that takes long and looks again, more closely, at what shorter ones look at.
func Long(t testing.TB, long bool) {
	t.Helper()
	if long && testing.Short() {
		t.Skip("it takes long: run make test-spark without -short")
	}
}
