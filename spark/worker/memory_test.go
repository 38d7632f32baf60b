package worker

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestMemoryLimit(t *testing.T) {
	const mi = 1 << 20
	group := func(limit, used string) fs.FS {
		file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text + "\n")} }
		return fstest.MapFS{
			"proc/self/cgroup":             file("0::/job"),
			"proc/self/mountinfo":          file("30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"),
			"sys/fs/cgroup/job/memory.max": file(limit), "sys/fs/cgroup/job/memory.current": file(used),
			"sys/fs/cgroup/job/memory.stat": file("inactive_file 0"),
		}
	}
	none := fstest.MapFS{}
	for _, c := range []struct {
		name    string
		conf    string
		root    fs.FS
		address int64
		workers int
		want    int64
	}{
		{"nothing", "", none, 0, 1, 0},
		{"conf", "512", none, 0, 1, 512 * mi},
		{"group", "", group("1073741824", "268435456"), 0, 1, 576 * mi},
		{"a group shared", "", group("1073741824", "268435456"), 0, 4, 144 * mi},
		{"conf is of each", "512", none, 0, 4, 512 * mi},
		{"the least of both", "256", group("1073741824", "0"), 0, 1, 256 * mi},
		{"a full group", "", group("1000", "2000"), 0, 1, 125},
		{"address space", "2048", none, 2048 * mi, 1, 1280 * mi},
		{"small address space", "", none, 100 * mi, 1, 96 * mi},
		{"no number", "lots", none, 0, 1, 0},
	} {
		got, err := memoryLimit(func(string) string { return c.conf }, c.root, c.address, c.workers)
		if err != nil || got != c.want {
			t.Errorf("%s: %d, %v, want %d", c.name, got, err, c.want)
		}
	}
}

func TestNeighbors(t *testing.T) {
	cores := func(n string) map[string]string { return map[string]string{executorCores: n} }
	three := []string{"a:1", "b:1", "a:2", "a:3"}
	for name, c := range map[string]struct {
		context Context
		want    int
	}{
		"nothing is told":           {Context{}, 1},
		"cores":                     {Context{CPUs: 1, Properties: cores("4")}, 4},
		"several cores for a task":  {Context{CPUs: 2, Properties: cores("5")}, 2},
		"a task of all cores":       {Context{CPUs: 8, Properties: cores("4")}, 1},
		"fewer tasks than cores":    {Context{CPUs: 1, Properties: cores("4"), Addresses: three}, 3},
		"several executors on host": {Context{CPUs: 1, Properties: cores("2"), Addresses: three}, 2},
		"addresses alone":           {Context{CPUs: 1, Partition: 1, Addresses: three}, 1},
		"no number":                 {Context{Properties: cores("many")}, 1},
	} {
		if got := c.context.neighbors(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
